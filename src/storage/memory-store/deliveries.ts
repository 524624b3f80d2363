import { parseDeliveryId } from '../../model/delivery.ts'
import type {
  ClaimedDelivery,
  ClaimRequest,
  DeliveryFilter,
  DeliveryStore,
  EnqueueResult,
  NewEvent,
  Settlement,
} from '../store.ts'
import type { MemoryAttempts } from './attempts.ts'
import { pageOf } from './page.ts'
import { MemoryQueue } from './queue.ts'
import { createRow, type EventEntry, historyOf, type Row, statusOf, toClaimed, toDelivery } from './row.ts'

/** Limits of what is kept once it is done with. */
export interface MemoryLimits {
  readonly maxFinishedEvents: number
  readonly maxIdempotencyKeys: number
}

/** Events and deliveries in this process. */
export class MemoryDeliveries implements DeliveryStore {
  readonly #events = new Map<string, EventEntry>()
  readonly #finished = new Set<EventEntry>()
  readonly #keys = new Map<string, string>()
  readonly #queue = new MemoryQueue()
  readonly #attempts: MemoryAttempts
  readonly #limits: MemoryLimits
  readonly #now: () => number
  #sequence = 0

  constructor(attempts: MemoryAttempts, limits: MemoryLimits, now: () => number) {
    this.#attempts = attempts
    this.#limits = limits
    this.#now = now
  }

  async enqueue(events: readonly NewEvent[]): Promise<readonly EnqueueResult[]> {
    return events.map(event => this.#enqueueOne(event))
  }

  #enqueueOne({ event, idempotencyKey, deliveries }: NewEvent): EnqueueResult {
    const key = idempotencyKey === undefined ? undefined : JSON.stringify([event.tenant ?? null, idempotencyKey])
    const existing = key === undefined ? undefined : this.#keys.get(key)
    if (existing !== undefined) return { stored: false, existingEventId: existing }
    if (key !== undefined) this.#rememberKey(key, event.id)
    const nowMs = this.#now()
    const sequence = this.#sequence++
    const entry: EventEntry = { event, rows: [], sequence, createdAtMs: nowMs, open: deliveries.length }
    this.#events.set(event.id, entry)
    deliveries.forEach((delivery, ordinal) => {
      const lane = this.#queue.lane(delivery.lane, delivery.ordered, delivery.direction)
      const row = createRow(entry, ordinal, delivery, lane)
      entry.rows.push(row)
      if (delivery.claim) this.#queue.hold(row, delivery.claim)
      else this.#queue.add(row, nowMs)
    })
    if (entry.open === 0) this.#finish(entry)
    return { stored: true }
  }

  async claim(request: ClaimRequest): Promise<readonly ClaimedDelivery[]> {
    return this.#queue.take(request).map(row => toClaimed(row, request.token))
  }

  async settle(settlements: readonly Settlement[]): Promise<readonly boolean[]> {
    return settlements.map(settlement => this.#settleOne(settlement))
  }

  #settleOne({ deliveryId, token, attempt, next, lastError, externalId }: Settlement): boolean {
    const row = this.#row(deliveryId)
    if (attempt !== undefined) this.#attempts.add(attempt)
    if (row === undefined || row.state !== 'claimed' || row.history?.token !== token) return false
    const history = historyOf(row)
    if (attempt !== undefined) history.attempts++
    if (lastError !== undefined || next.status === 'succeeded') history.lastError = lastError
    if (externalId !== undefined) history.externalId = externalId
    if (next.status !== 'returned' && next.body !== undefined) history.body ??= next.body
    this.#queue.letGo(row)
    if (next.status === 'pending' || next.status === 'returned') {
      if (next.status === 'pending') history.triesUsed = next.triesUsed
      row.dueAtMs = next.dueAtMs
      this.#queue.add(row, this.#now())
      return true
    }
    this.#close(row, next.status, next.atMs)
    return true
  }

  async renew(tokens: readonly string[], leaseUntilMs: number): Promise<readonly string[]> {
    return tokens.filter(token => !this.#queue.renew(token, leaseUntilMs))
  }

  async nextDueAtMs(options: { readonly skipLanes?: ReadonlySet<string> } = {}): Promise<number | undefined> {
    return this.#queue.nextDueAtMs(this.#now(), options.skipLanes)
  }

  async get(id: string, tenant?: string) {
    const row = this.#row(id)
    if (row === undefined || !isOf(row.entry, tenant)) return undefined
    return { delivery: toDelivery(row), event: row.entry.event }
  }

  async list(filter: DeliveryFilter) {
    return pageOf([...this.#matching(filter)].map(toDelivery), filter, delivery => delivery.id)
  }

  async retry(filter: DeliveryFilter & { readonly ids?: readonly string[] }, dueAtMs: number): Promise<number> {
    const rows = filter.ids
      ? filter.ids.flatMap(id => this.#row(id) ?? []).filter(row => matches(row, filter))
      : [...this.#matching({ ...filter })]
    let count = 0
    for (const row of rows) {
      const status = statusOf(row)
      if (status === 'pending' || (status === 'succeeded' && filter.status !== 'succeeded' && !filter.ids)) continue
      const history = historyOf(row)
      history.finishedAtMs = undefined
      history.triesUsed = 0
      row.dueAtMs = dueAtMs
      row.entry.open++
      this.#finished.delete(row.entry)
      this.#queue.add(row, this.#now())
      count++
    }
    return count
  }

  async cancel(id: string, atMs: number, tenant?: string): Promise<boolean> {
    const row = this.#row(id)
    if (row === undefined || !isOf(row.entry, tenant) || statusOf(row) !== 'pending') return false
    if (row.state === 'claimed') this.#queue.letGo(row)
    this.#close(row, 'cancelled', atMs)
    return true
  }

  async reschedule(endpointId: string, dueAtMs: number, direction: 'later' | 'sooner'): Promise<void> {
    for (const { rows } of this.#events.values()) {
      for (const row of rows) {
        if (row.endpointId !== endpointId || (row.state !== 'waiting' && row.state !== 'later')) continue
        if (direction === 'later' ? dueAtMs <= row.dueAtMs : dueAtMs >= row.dueAtMs) continue
        row.dueAtMs = dueAtMs
        if (row.state === 'later') this.#queue.add(row, this.#now())
        else this.#queue.wake(row.lane)
      }
    }
  }

  *#matching(filter: DeliveryFilter): Generator<Row> {
    for (const { rows } of [...this.#events.values()].reverse())
      for (const row of rows) if (matches(row, filter)) yield row
  }

  #row(id: string): Row | undefined {
    const place = parseDeliveryId(id)
    return place && this.#events.get(place.eventId)?.rows[place.ordinal]
  }

  #close(row: Row, status: 'succeeded' | 'failed' | 'cancelled', atMs: number): void {
    row.state = status
    historyOf(row).finishedAtMs = atMs
    if (--row.entry.open === 0) this.#finish(row.entry)
  }

  #finish(entry: EventEntry): void {
    this.#finished.add(entry)
    for (const oldest of this.#finished) {
      if (this.#finished.size <= this.#limits.maxFinishedEvents) return
      this.#finished.delete(oldest)
      this.#events.delete(oldest.event.id)
    }
  }

  #rememberKey(key: string, eventId: string): void {
    this.#keys.set(key, eventId)
    for (const oldest of this.#keys.keys()) {
      if (this.#keys.size <= this.#limits.maxIdempotencyKeys) return
      this.#keys.delete(oldest)
    }
  }
}

function isOf({ event }: EventEntry, tenant: string | undefined): boolean {
  return tenant === undefined || event.tenant === tenant
}

function matches(row: Row, filter: DeliveryFilter): boolean {
  const { event, createdAtMs } = row.entry
  const same = <T>(wanted: T | undefined, value: T | undefined): boolean => wanted === undefined || wanted === value
  return (
    isOf(row.entry, filter.tenant) &&
    same(filter.endpointId, row.endpointId) &&
    same(filter.eventId, event.id) &&
    same(filter.eventType, event.type) &&
    same(filter.subject, event.subject) &&
    same(filter.status, statusOf(row)) &&
    same(filter.direction, row.lane.direction) &&
    (filter.sinceMs === undefined || createdAtMs >= filter.sinceMs) &&
    (filter.untilMs === undefined || createdAtMs < filter.untilMs)
  )
}
