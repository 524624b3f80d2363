import { WebhookError } from '../../errors.ts'
import { parseDeliveryId } from '../../model/delivery.ts'
import type {
  ClaimedDelivery,
  ClaimRequest,
  DeliveryFilter,
  DeliveryStore,
  EnqueueResult,
  FailureFilter,
  FailureGroup,
  LaneChoice,
  NewEvent,
  PageRequest,
  Settlement,
} from '../store.ts'
import type { MemoryAttempts } from './attempts.ts'
import { EventLog, isOf, matches, positionOf } from './event-log.ts'
import { groupFailures } from './failures.ts'
import { fillPage, readCursor } from './page.ts'
import { MemoryQueue } from './queue.ts'
import { createEntry, type EventEntry, historyOf, isOpen, type Row, toClaimed, toDelivery } from './row.ts'

/** Limits of what is kept once it is done with. */
export interface MemoryLimits {
  readonly maxFinishedEvents: number
  readonly maxIdempotencyKeys: number
}

/** Events and deliveries in this process. */
export class MemoryDeliveries implements DeliveryStore {
  readonly #events = new EventLog()
  readonly #finished = new Set<EventEntry>()
  readonly #keys = new Map<string, string>()
  readonly #queues = { outbound: new MemoryQueue(), inbound: new MemoryQueue() }
  readonly #attempts: MemoryAttempts
  readonly #limits: MemoryLimits
  readonly #now: () => number
  #sequence = 0

  constructor(attempts: MemoryAttempts, limits: MemoryLimits, now: () => number) {
    this.#attempts = attempts
    this.#limits = limits
    this.#now = now
  }

  async enqueue(
    events: readonly NewEvent[],
    options?: { readonly transaction?: unknown },
  ): Promise<readonly EnqueueResult[]> {
    if (options?.transaction !== undefined) throw noTransactions()
    const nowMs = this.#now()
    // Everything is read before anything is kept: a bad one spoils them all.
    const prepared = events.map(given => ({
      key: given.idempotencyKey === undefined ? undefined : keyOf(given.event.tenant, given.idempotencyKey),
      claims: given.deliveries.map(({ claim }) => claim),
      entry: createEntry(given.event, given.deliveries, this.#sequence++, nowMs),
    }))
    return prepared.map(({ key, claims, entry }) => {
      const existing = this.#existing(entry, key)
      if (existing !== undefined) return { stored: false, existingEventId: existing }
      if (key !== undefined) this.#rememberKey(key, entry.event.id)
      this.#events.add(entry)
      for (const row of entry.rows) {
        const claim = claims[row.ordinal]
        if (claim) this.#queueOf(row).hold(row, claim)
        else this.#queueOf(row).add(row, nowMs)
      }
      if (entry.open === 0) this.#finish(entry)
      return { stored: true }
    })
  }

  #existing({ event }: EventEntry, key: string | undefined): string | undefined {
    return (key === undefined ? undefined : this.#keys.get(key)) ?? this.#events.get(event.id)?.event.id
  }

  async claim(request: ClaimRequest): Promise<readonly ClaimedDelivery[]> {
    return this.#queues[request.direction].take(request).map(row => toClaimed(row, request.token))
  }

  async settle(settlements: readonly Settlement[]): Promise<readonly boolean[]> {
    return settlements.map(settlement => this.#settleOne(settlement))
  }

  #settleOne({ deliveryId, token, attempt, next, lastError, cause, externalId }: Settlement): boolean {
    const row = this.#row(deliveryId)
    if (attempt !== undefined) this.#attempts.add(attempt)
    if (row === undefined || row.state !== 'claimed' || row.history?.token !== token) return false
    const history = historyOf(row)
    if (attempt !== undefined) history.attempts++
    if (lastError !== undefined || next.status === 'succeeded') {
      history.lastError = lastError
      history.cause = cause
    }
    if (externalId !== undefined) history.externalId = externalId
    if (next.status !== 'returned') history.body ??= next.body
    const queue = this.#queueOf(row)
    queue.letGo(row)
    if (next.status === 'pending' || next.status === 'returned') {
      if (next.status === 'pending') history.triesUsed = next.triesUsed
      row.dueAtMs = next.dueAtMs
      queue.add(row, this.#now())
    } else this.#close(row, next.status, next.atMs)
    return true
  }

  async renew(tokens: readonly string[], leaseUntilMs: number): Promise<readonly string[]> {
    const wanted = new Set(tokens)
    const { outbound, inbound } = this.#queues
    const held = [outbound.renew(wanted, leaseUntilMs), inbound.renew(wanted, leaseUntilMs)]
    return tokens.filter(token => !held.some(some => some.has(token)))
  }

  async nextDueAtMs(choice: LaneChoice): Promise<number | undefined> {
    return this.#queues[choice.direction].nextDueAtMs(choice)
  }

  async get(id: string, tenant?: string) {
    const row = this.#row(id)
    if (row === undefined || !isOf(row.entry, tenant)) return undefined
    return { delivery: toDelivery(row), event: row.entry.event }
  }

  async list(filter: DeliveryFilter) {
    const rows = this.#events.rows(filter, readCursor(filter.cursor))
    return fillPage(rows, filter, row => String(positionOf(row)), toDelivery)
  }

  async retry(filter: DeliveryFilter & { readonly ids?: readonly string[] }, dueAtMs: number): Promise<number> {
    const named = filter.ids?.flatMap(id => this.#row(id) ?? []).filter(row => matches(row, filter))
    let count = 0
    for (const row of named ?? this.#events.rows(filter)) {
      if (isOpen(row) || (row.state === 'succeeded' && filter.status !== 'succeeded' && !named)) continue
      const history = historyOf(row)
      history.finishedAtMs = undefined
      history.triesUsed = 0
      history.attemptsBefore = history.attempts
      history.crashes = 0
      row.dueAtMs = dueAtMs
      row.entry.open++
      this.#finished.delete(row.entry)
      this.#queueOf(row).add(row, this.#now())
      count++
    }
    return count
  }

  async failures(filter: FailureFilter): Promise<readonly FailureGroup[]> {
    return groupFailures(this.#events.rows({ ...filter, status: 'failed' }), filter)
  }

  async discard(filter: Omit<DeliveryFilter, 'status' | keyof PageRequest>, atMs: number): Promise<number> {
    let count = 0
    for (const row of this.#events.rows({ ...filter, status: 'failed' })) {
      row.state = 'cancelled'
      historyOf(row).finishedAtMs = atMs
      count++
    }
    return count
  }

  async cancel(id: string, atMs: number, tenant?: string): Promise<boolean> {
    const row = this.#row(id)
    if (row === undefined || !isOf(row.entry, tenant) || !isOpen(row)) return false
    if (row.state === 'claimed') this.#queueOf(row).letGo(row)
    this.#close(row, 'cancelled', atMs)
    return true
  }

  async reschedule(endpointId: string, dueAtMs: number, direction: 'later' | 'sooner'): Promise<void> {
    for (const row of this.#events.rows({ endpointId, status: 'pending' })) {
      if (row.state === 'claimed') continue
      if (direction === 'later' ? dueAtMs <= row.dueAtMs : dueAtMs >= row.dueAtMs) continue
      row.dueAtMs = dueAtMs
      this.#queueOf(row).move(row, this.#now())
    }
  }

  #row(id: string): Row | undefined {
    const place = parseDeliveryId(id)
    return place && this.#events.get(place.eventId)?.rows[place.ordinal]
  }

  #queueOf({ direction }: Row): MemoryQueue {
    return this.#queues[direction]
  }

  #close(row: Row, status: 'succeeded' | 'failed' | 'cancelled', atMs: number): void {
    row.state = status
    historyOf(row).finishedAtMs = atMs
    this.#queueOf(row).remove(row, this.#now())
    if (--row.entry.open === 0) this.#finish(row.entry)
  }

  #finish(entry: EventEntry): void {
    this.#finished.add(entry)
    for (const oldest of surplus(this.#finished, this.#limits.maxFinishedEvents)) {
      this.#finished.delete(oldest)
      this.#events.delete(oldest)
    }
  }

  #rememberKey(key: string, eventId: string): void {
    this.#keys.set(key, eventId)
    for (const [oldest] of surplus(this.#keys, this.#limits.maxIdempotencyKeys)) this.#keys.delete(oldest)
  }
}

/**
 * The oldest of what is too much, once that is an eighth: a collection that loses its first entry all the time passes
 * over those that it has lost, each time.
 */
function* surplus<Item>(items: Iterable<Item> & { readonly size: number }, max: number): Generator<Item> {
  if (items.size <= max + (max >> 3)) return
  let left = items.size - max
  for (const item of items) {
    if (left-- === 0) return
    yield item
  }
}

function keyOf(tenant: string | undefined, key: string): string {
  return JSON.stringify([tenant ?? null, key])
}

function noTransactions(): WebhookError {
  const message = 'memoryStore has no transactions: what is stored would stay when yours is undone'
  return new WebhookError('unsupported', message, { argument: 'transaction' })
}
