import type { Clock } from '../../clock.ts'
import { WebhookError } from '../../errors.ts'
import { parseDeliveryId, type StoredEvent } from '../../model/delivery.ts'
import type { Sealer } from '../encryption/sealer.ts'
import { pageSize } from '../page-size.ts'
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
import { Batcher } from './batcher.ts'
import { openBody, sealSettlement } from './bodies.ts'
import { type Bulk, discard, reopen } from './bulk.ts'
import type { Database } from './database.ts'
import { filterDeliveries, ofStatus } from './delivery-filter.ts'
import { readFailures } from './failures.ts'
import { type Lanes, laneOf } from './lanes.ts'
import { toPage } from './paging.ts'
import { groupsOf, type QueueStatements } from './queue.ts'
import { reschedule } from './reschedule.ts'
import { DELIVERY_COLUMNS, EVENT_COLUMNS, readDelivery, readEvent, STATE } from './rows.ts'
import { list, type Row, raw, type Sql, type Steps, sql } from './statement.ts'
import { UnheardClaims } from './unheard.ts'
import { passedMs, readText, readTextOrUndefined, wholeMs } from './values.ts'

/** Ids in one statement: databases limit the number of parameters. */
const MAX_IDS = 500
/** Outcomes are written together that come within so many milliseconds: a statement, or a flush, costs more than a row. */
const SETTLE_REST_MS = 5

/** What deliveries in a database are made of. */
export interface SqlDeliveriesParts {
  readonly database: Database
  readonly lanes: Lanes
  readonly queue: QueueStatements
  readonly sealer: Sealer | undefined
  readonly clock: Clock
}

/** Events and deliveries in a database. */
export class SqlDeliveries implements DeliveryStore {
  readonly #database: Database
  readonly #lanes: Lanes
  readonly #queue: QueueStatements
  /** Where a statement is a round trip, callers share it. */
  readonly #enqueues: Batcher<NewEvent, EnqueueResult> | undefined
  readonly #settles: Batcher<Settlement, boolean>
  readonly #sealer: Sealer | undefined
  readonly #clock: Clock
  readonly #deliveries: Sql
  readonly #from: Sql
  readonly #bulk: Bulk
  readonly #unheard: UnheardClaims
  /** Whether anything ordered has been seen: then settling takes a transaction. */
  #ordered = false

  constructor({ database, lanes: laneNumbers, queue, sealer, clock }: SqlDeliveriesParts) {
    const { deliveries, lanes, events } = database.tables
    this.#database = database
    this.#lanes = laneNumbers
    this.#queue = queue
    this.#sealer = sealer
    this.#clock = clock
    this.#deliveries = raw(deliveries)
    this.#from = raw(`${deliveries} d join ${lanes} l on l.no = d.lane_no join ${events} e on e.no = d.event_no`)
    this.#bulk = { database, from: this.#from, queue }
    this.#unheard = new UnheardClaims(database, queue)
    // Where there is an order, the next one waits for this to be written.
    this.#settles = new Batcher(settlements => this.#settle(settlements), {
      restMs: () => (this.#ordered ? 0 : SETTLE_REST_MS),
    })
    const { locks } = database
    if (locks !== undefined) this.#enqueues = new Batcher(events => this.#enqueue(events), { locks })
  }

  enqueue(
    events: readonly NewEvent[],
    options: { readonly transaction?: unknown } = {},
  ): Promise<readonly EnqueueResult[]> {
    const { transaction } = options
    if (transaction === undefined) return this.#enqueues?.add(events) ?? this.#enqueue(events)
    const nowMs = wholeMs(this.#clock.now())
    return this.#database.within(transaction, () => this.#queue.enqueue(events, nowMs, false))
  }

  async #enqueue(events: readonly NewEvent[]): Promise<readonly EnqueueResult[]> {
    const nowMs = wholeMs(this.#clock.now())
    const steps = (): Steps<EnqueueResult[]> => this.#queue.enqueue(events, nowMs, true)
    try {
      if (!needsTransaction(events)) return await this.#database.write(steps)
      this.#ordered ||= isOrdered(events)
      // New lanes come first and stay: nobody may learn of one that is undone with the rest.
      const lanes = events.flatMap(({ deliveries }) => deliveries.map(laneOf))
      await this.#database.write(() => this.#lanes.resolve(lanes, true))
      return await this.#database.transaction(steps)
    } catch (error) {
      // Whoever does not know whether it was stored runs nothing of it.
      if (error instanceof WebhookError && error.code === 'store_outcome_unknown') {
        for (const { claim } of events.flatMap(({ deliveries }) => deliveries)) if (claim) this.#unheard.add(claim)
      }
      throw error
    }
  }

  async claim(request: ClaimRequest): Promise<readonly ClaimedDelivery[]> {
    const nowMs = passedMs(request.nowMs)
    const leaseUntilMs = wholeMs(request.leaseUntilMs)
    await this.#unheard.giveBack(nowMs)
    const rows = await this.#claim({ ...request, nowMs, leaseUntilMs }).catch((error: unknown) => {
      this.#unheard.add({ ...request, leaseUntilMs })
      throw error
    })
    // Deliveries of one event share it, so that what is made of it is made once.
    const events = new Map<string, StoredEvent>()
    const claimed = rows.map(row => {
      const event = events.get(readText(row, 'event_id')) ?? readEvent(row)
      events.set(event.id, event)
      const ordered = readTextOrUndefined(row, 'order_key') !== undefined
      return { delivery: readDelivery(row), event, token: request.token, ordered }
    })
    this.#ordered ||= claimed.some(({ ordered }) => ordered)
    return claimed.some(({ delivery }) => delivery.body !== undefined) ? this.#opened(claimed, request) : claimed
  }

  /** What can be sent of a claim. A delivery whose body cannot be read ends as a dead letter, and costs no other one. */
  async #opened(claimed: readonly ClaimedDelivery[], request: ClaimRequest): Promise<readonly ClaimedDelivery[]> {
    const readable: ClaimedDelivery[] = []
    const lost: Settlement[] = []
    const opened = await Promise.all(claimed.map(({ delivery }) => openBody(delivery, this.#sealer)))
    claimed.forEach((one, index) => {
      const { delivery = one.delivery, problem } = opened[index] ?? {}
      if (problem === undefined) readable.push({ ...one, delivery })
      else lost.push(unreadable(one, problem, this.#clock.now()))
    })
    if (lost.length === 0) return readable
    const isEnded = await this.#settles.add(lost).then(
      () => true,
      // Their lease runs out, and they are claimed again: for the others it must not.
      () => false,
    )
    return isEnded && readable.length === 0 ? this.claim(request) : readable
  }

  async #claim(request: ClaimRequest): Promise<readonly Row[]> {
    const { rows, giveTurns } = await this.#database.write(() => this.#queue.claim(request))
    if (giveTurns === undefined) return rows
    const more = this.#database.transaction(giveTurns).then(given => (given ? this.#claim(restOf(request, rows)) : []))
    // What is claimed is handed out, whatever becomes of the rest: the next claim finds that as it is.
    return rows.length === 0 ? more : [...rows, ...(await more.catch(() => []))]
  }

  nextDueAtMs(choice: LaneChoice): Promise<number | undefined> {
    return this.#database.look(() => this.#queue.nextDueAtMs(choice))
  }

  async settle(settlements: readonly Settlement[]): Promise<readonly boolean[]> {
    if (settlements.length === 0) return []
    const sealer = this.#sealer
    const sealed =
      sealer === undefined ? settlements : await Promise.all(settlements.map(one => sealSettlement(one, sealer)))
    return this.#settles.add(sealed)
  }

  async #settle(sealed: readonly Settlement[]): Promise<readonly boolean[]> {
    const queue = this.#queue
    if (this.#ordered) {
      return this.#database.transaction(function* (): Steps<readonly boolean[]> {
        const { changed, groups } = yield* queue.settle(sealed)
        yield* queue.giveTurns(groups)
        return changed
      })
    }
    const { changed, groups } = await this.#database.write(() => queue.settle(sealed))
    // Claimed by somebody else: this store did not know that there is an order to be kept.
    if (groups.length > 0) await this.#database.transaction(() => queue.giveTurns(groups))
    return changed
  }

  async renew(tokens: readonly string[], leaseUntilMs: number): Promise<readonly string[]> {
    const deliveries = this.#deliveries
    const held = await this.#database.write(function* (): Steps<ReadonlySet<string>> {
      const found = new Set<string>()
      for (let from = 0; from < tokens.length; from += MAX_IDS) {
        // The condition on the lease is always true: it names the index of what is under way.
        const rows = yield sql`update ${deliveries} set lease_until_ms = ${wholeMs(leaseUntilMs)}
          where state = 1 and lease_until_ms >= 0 and token in ${list(tokens.slice(from, from + MAX_IDS))}
          returning token`
        for (const row of rows) found.add(readText(row, 'token'))
      }
      return found
    })
    return tokens.filter(token => !held.has(token))
  }

  async get(id: string, tenant?: string) {
    const place = parseDeliveryId(id)
    if (place === undefined) return undefined
    const [row] = await this.#database.read(sql`select ${raw(DELIVERY_COLUMNS)}, ${raw(EVENT_COLUMNS)}, e.data
      from ${this.#from} where e.id = ${place.eventId} and d.ordinal = ${place.ordinal}
      ${tenant === undefined ? raw('') : sql`and e.tenant = ${tenant}`}`)
    if (row === undefined) return undefined
    return { delivery: (await openBody(readDelivery(row), this.#sealer)).delivery, event: readEvent(row) }
  }

  async list(filter: DeliveryFilter) {
    const size = pageSize(filter)
    const rows = await this.#database.read(sql`select ${raw(DELIVERY_COLUMNS)}, ${raw(EVENT_COLUMNS)}
      from ${this.#from} where ${filterDeliveries(filter)} and ${ofStatus(filter.status)}
      order by d.event_no desc, d.ordinal desc limit ${size + 1}`)
    const { items, ...page } = toPage(rows, size, ['event_no', 'ordinal'], readDelivery)
    const opened = await Promise.all(items.map(item => openBody(item, this.#sealer)))
    return { items: opened.map(({ delivery }) => delivery), ...page }
  }

  retry(filter: DeliveryFilter & { readonly ids?: readonly string[] }, dueAtMs: number): Promise<number> {
    return reopen(this.#bulk, filter, dueAtMs)
  }

  failures(filter: FailureFilter): Promise<readonly FailureGroup[]> {
    return readFailures(this.#database, filter)
  }

  discard(filter: Omit<DeliveryFilter, 'status' | keyof PageRequest>, atMs: number): Promise<number> {
    return discard(this.#bulk, filter, atMs)
  }

  async cancel(id: string, atMs: number, tenant?: string): Promise<boolean> {
    const place = parseDeliveryId(id)
    if (place === undefined) return false
    const { eventId, ordinal } = place
    const [deliveries, events, queue] = [this.#deliveries, raw(this.#database.tables.events), this.#queue]
    return this.#database.transaction(function* (): Steps<boolean> {
      const rows = yield sql`update ${deliveries}
        set state = ${STATE.cancelled}, finished_at_ms = ${wholeMs(atMs)}, token = null, lease_until_ms = null
        where ordinal = ${ordinal} and state < 3 and event_no in (select no from ${events} where id = ${eventId}
          ${tenant === undefined ? raw('') : sql`and tenant = ${tenant}`})
        returning lane_no, order_key`
      yield* queue.giveTurns(groupsOf(rows))
      return rows.length > 0
    })
  }

  reschedule(endpointId: string, dueAtMs: number, direction: 'later' | 'sooner'): Promise<void> {
    return reschedule(this.#database, endpointId, dueAtMs, direction)
  }
}

/** What may be claimed beside what was. */
function restOf(request: ClaimRequest, claimed: readonly Row[]): ClaimRequest {
  const laneLimits = new Map(request.laneLimits)
  for (const row of claimed) {
    const lane = readText(row, 'lane')
    laneLimits.set(lane, (laneLimits.get(lane) ?? request.perLane) - 1)
  }
  return { ...request, limit: request.limit - claimed.length, laneLimits }
}

/** Ends a delivery whose body cannot be read. */
function unreadable({ delivery, token }: ClaimedDelivery, problem: string, atMs: number): Settlement {
  const next = { status: 'failed', atMs } as const
  return { deliveryId: delivery.id, token, next, lastError: problem, cause: 'body_unreadable' }
}

/** Whether some of it is ordered, or one event may be told from another only once that is stored. */
function needsTransaction(events: readonly NewEvent[]): boolean {
  if (isOrdered(events)) return true
  if (events.length < 2) return false
  const keys = events.flatMap(({ event, idempotencyKey }) =>
    idempotencyKey === undefined ? [] : JSON.stringify([event.tenant ?? null, idempotencyKey]),
  )
  return new Set(events.map(({ event }) => event.id)).size < events.length || new Set(keys).size < keys.length
}

function isOrdered(events: readonly NewEvent[]): boolean {
  return events.some(({ deliveries }) => deliveries.some(({ ordered }) => ordered))
}
