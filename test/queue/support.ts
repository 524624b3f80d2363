import { memoryStore } from 'crm-webhooks/storage/memory'
import type { ManualClock } from 'crm-webhooks/testing'
import { manualClock } from 'crm-webhooks/testing'
import { type AttemptEnd, Worker, type WorkerOptions } from '../../src/queue/worker.ts'
import type { ClaimedDelivery, NewDelivery, NewEvent, Store } from '../../src/storage/store.ts'
import { recordingLogger } from '../support/acme.ts'

export const succeeded: AttemptEnd = { next: { status: 'succeeded', atMs: 1 } }

let count = 0

/** An event with one delivery in each of the lanes. */
export function eventFor(lanes: readonly string[], more: Partial<NewDelivery> & { subject?: string } = {}): NewEvent {
  const { subject, ...delivery } = more
  const id = `evt_${count++}`
  const base = { direction: 'outbound', ordered: false, dueAtMs: 0, isTest: false } as const
  return {
    event: { id, tenant: undefined, type: 'x.y', timestampMs: 0, subject, data: '{}', metadata: {} },
    deliveries: lanes.map(lane => ({ ...base, endpointId: lane, lane, ...delivery })),
  }
}

/** One attempt that a script made. */
export interface Run {
  readonly id: string
  readonly lane: string
  readonly startedAtMs: number
  endedAtMs: number | undefined
  readonly claimed: ClaimedDelivery
}

/** Ends an attempt after so many milliseconds; `Infinity` hangs for ever. */
export type Script = (claimed: ClaimedDelivery, index: number) => number | { afterMs: number; end: AttemptEnd }

/** A worker on a manual clock, whose attempts take as long as a script says. */
export class Bench {
  readonly clock: ManualClock
  readonly store: Store
  readonly worker: Worker
  readonly runs: Run[] = []
  readonly logger = recordingLogger()
  open = 0
  maxOpen = 0

  constructor(script: Script, options: Partial<WorkerOptions> = {}, shared?: { clock: ManualClock; store: Store }) {
    this.clock = shared?.clock ?? manualClock()
    this.store = shared?.store ?? memoryStore({ clock: this.clock })
    this.worker = new Worker({
      deliveries: this.store.deliveries,
      direction: 'outbound',
      perform: (claimed, signal) => this.#perform(claimed, signal, script),
      laneLimit: () => 10,
      clock: this.clock,
      logger: this.logger,
      slots: 50,
      maxOpen: 1_000,
      slowAfterMs: 250,
      leaseMs: 30_000,
      pollMs: 1_000,
      settleAfterMs: 0,
      ...options,
    })
  }

  async #perform(claimed: ClaimedDelivery, signal: AbortSignal, script: Script): Promise<AttemptEnd> {
    const { id, lane } = claimed.delivery
    const run: Run = { id, lane, startedAtMs: this.clock.now(), endedAtMs: undefined, claimed }
    const scripted = script(claimed, this.runs.length)
    this.runs.push(run)
    this.maxOpen = Math.max(this.maxOpen, ++this.open)
    const { afterMs, end } = typeof scripted === 'number' ? { afterMs: scripted, end: succeeded } : scripted
    const aborted = await new Promise<boolean>(resolve => {
      const onAbort = (): void => resolve(true)
      signal.addEventListener('abort', onAbort)
      if (afterMs === Number.POSITIVE_INFINITY) return
      this.clock.setTimer(() => {
        signal.removeEventListener('abort', onAbort)
        resolve(false)
      }, afterMs)
    })
    this.open--
    run.endedAtMs = this.clock.now()
    return aborted ? { next: { status: 'returned', dueAtMs: claimed.delivery.dueAtMs } } : end
  }

  /** Stores events and tells the worker. */
  async publish(...events: NewEvent[]): Promise<void> {
    await this.store.deliveries.enqueue(events)
    this.worker.wake()
  }

  /** Stores a delivery for which the worker has reserved a place; it is still to be handed over. */
  async storeReserved(lane: string): Promise<{ readonly id: string; handOver(): void }> {
    const claim = this.worker.reserve(lane)
    if (claim === undefined) throw new Error('no room')
    const event = eventFor([lane], { claim })
    await this.store.deliveries.enqueue([event])
    const id = `${event.event.id}_0`
    const found = await this.store.deliveries.get(id)
    if (found === undefined) throw new Error('not stored')
    const handOver = () => this.worker.run([{ ...found, token: claim.token, ordered: false }], claim.leaseUntilMs)
    return { id, handOver }
  }

  lanesRun(): string[] {
    return this.runs.map(({ lane }) => lane)
  }

  async statuses(): Promise<Record<string, number>> {
    const counts: Record<string, number> = {}
    let cursor: string | undefined
    do {
      const page = await this.store.deliveries.list({ limit: 250, ...(cursor !== undefined && { cursor }) })
      for (const { status } of page.items) counts[status] = (counts[status] ?? 0) + 1
      cursor = page.cursor
    } while (cursor !== undefined)
    return counts
  }
}

/** A store that counts its calls. */
export function countCalls(store: Store): { readonly store: Store; readonly calls: Record<string, number> } {
  const calls: Record<string, number> = {}
  const deliveries = new Proxy(store.deliveries, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name)
      if (typeof value !== 'function') return value
      return (...args: unknown[]): unknown => {
        calls[String(name)] = (calls[String(name)] ?? 0) + 1
        return Reflect.apply(value, target, args) as unknown
      }
    },
  })
  return { store: { ...store, deliveries }, calls }
}
