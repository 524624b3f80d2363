import type { Clock } from '../../../clock.ts'
import type { Delivery } from '../../../model/delivery.ts'
import type { DedupeStore } from '../../dedupe-store.ts'
import type { DeliveryStore, NewEvent, Settlement } from '../../store.ts'

/** Clocks that differ by less are taken to agree: leases and waits are longer than that. A comparison is as exact. */
const TOLERANCE_MS = 2_000
/** How often the clocks are compared. */
const COMPARE_EVERY_MS = 60_000
/** How soon after a comparison that was of no use. */
const COMPARE_AGAIN_MS = 5_000
/** When this process's clock was put forward or back by more, they are compared anew at once. */
const JUMP_MS = 500

/** How far the server's clock is ahead of this process's. */
export class ServerTime {
  readonly #ask: () => Promise<number>
  readonly #clock: Clock
  #aheadMs = 0
  /** By the time that this process has run. */
  #freshUntilMs = Number.NEGATIVE_INFINITY
  /** What the clock was ahead of that time. */
  #clockStartMs: number
  #comparing: Promise<number> | undefined

  /** @param ask the server's time. */
  constructor(ask: () => Promise<number>, clock: Clock) {
    this.#ask = ask
    this.#clock = clock
    this.#clockStartMs = clock.now() - performance.now()
  }

  /** By the last comparison, in milliseconds; 0 when they agree. */
  get lastAheadMs(): number {
    return this.#aheadMs
  }

  /** Whether there was a comparison. */
  get isKnown(): boolean {
    return this.#freshUntilMs > Number.NEGATIVE_INFINITY
  }

  /** The same, after a comparison where that is due. */
  aheadMs(): number | Promise<number> {
    const runMs = performance.now()
    const jumpedMs = this.#clock.now() - runMs - this.#clockStartMs
    if (runMs < this.#freshUntilMs && Math.abs(jumpedMs) < JUMP_MS) return this.#aheadMs
    this.#comparing ??= this.#compare().finally(() => {
      this.#comparing = undefined
    })
    return this.#comparing
  }

  async #compare(): Promise<number> {
    const fromMs = performance.now()
    const serverMs = await this.#ask()
    const [toMs, nowMs] = [performance.now(), this.#clock.now()]
    const [tookMs, clockStartMs] = [toMs - fromMs, nowMs - toMs]
    const isExact = tookMs <= TOLERANCE_MS
    // Who waited long, for a connection, does not know when the server said it: only what this clock jumped by counts.
    const aheadMs = isExact ? serverMs + tookMs / 2 - nowMs : this.#aheadMs - (clockStartMs - this.#clockStartMs)
    this.#aheadMs = Math.abs(aheadMs) < TOLERANCE_MS ? 0 : Math.round(aheadMs)
    this.#freshUntilMs = toMs + (isExact ? COMPARE_EVERY_MS : COMPARE_AGAIN_MS)
    this.#clockStartMs = clockStartMs
    return this.#aheadMs
  }
}

/**
 * Deliveries whose leases and due times are stored in the server's time. So a worker whose own clock is wrong neither
 * takes what others hold nor keeps what it holds for too long.
 *
 * @param ready waits for the first use of the store, with which the times are compared.
 */
export function onServerTime(
  deliveries: DeliveryStore,
  time: ServerTime,
  ready: () => Promise<void> = async () => undefined,
): DeliveryStore {
  const by = <Result>(use: (aheadMs: number) => Promise<Result>): Promise<Result> => {
    const aheadMs = time.aheadMs()
    return typeof aheadMs === 'number' ? use(aheadMs) : aheadMs.then(use)
  }
  const shown = (delivery: Delivery): Delivery =>
    time.lastAheadMs === 0 ? delivery : { ...delivery, dueAtMs: delivery.dueAtMs - time.lastAheadMs }
  const { onEnqueued } = deliveries
  return {
    enqueue(events, options) {
      const put = (ms: number) => deliveries.enqueue(ms === 0 ? events : events.map(one => enqueued(one, ms)), options)
      if (options?.transaction === undefined) return by(put)
      // Nothing else is asked in the middle of somebody's transaction.
      return time.isKnown ? put(time.lastAheadMs) : ready().then(() => put(time.lastAheadMs))
    },
    claim: request =>
      by(async ms => {
        if (ms === 0) return deliveries.claim(request)
        const { nowMs, leaseUntilMs } = request
        const claimed = await deliveries.claim({ ...request, nowMs: nowMs + ms, leaseUntilMs: leaseUntilMs + ms })
        return claimed.map(one => ({ ...one, delivery: { ...one.delivery, dueAtMs: one.delivery.dueAtMs - ms } }))
      }),
    settle: settlements =>
      by(ms => deliveries.settle(ms === 0 ? settlements : settlements.map(one => settled(one, ms)))),
    renew: (tokens, leaseUntilMs) => by(ms => deliveries.renew(tokens, leaseUntilMs + ms)),
    nextDueAtMs: choice =>
      by(async ms => {
        const dueAtMs = await deliveries.nextDueAtMs(choice)
        return dueAtMs === undefined ? undefined : dueAtMs - ms
      }),
    async get(id, tenant) {
      const found = await deliveries.get(id, tenant)
      return found && { ...found, delivery: shown(found.delivery) }
    },
    async list(filter) {
      const page = await deliveries.list(filter)
      return { ...page, items: page.items.map(shown) }
    },
    retry: (filter, dueAtMs) => by(ms => deliveries.retry(filter, dueAtMs + ms)),
    failures: filter => deliveries.failures(filter),
    discard: (filter, atMs) => deliveries.discard(filter, atMs),
    cancel: (id, atMs, tenant) => deliveries.cancel(id, atMs, tenant),
    reschedule: (endpointId, dueAtMs, direction) =>
      by(ms => deliveries.reschedule(endpointId, dueAtMs + ms, direction)),
    ...(onEnqueued && { onEnqueued }),
  }
}

/** The same for the ids of handled events. */
export function dedupeOnServerTime(dedupe: DedupeStore, time: ServerTime): DedupeStore {
  return {
    async claim(key, { nowMs, claimUntilMs }) {
      const ms = await time.aheadMs()
      const claim = await dedupe.claim(key, { nowMs: nowMs + ms, claimUntilMs: claimUntilMs + ms })
      return claim.state === 'in_progress' ? { ...claim, untilMs: claim.untilMs - ms } : claim
    },
    async complete(key, token, { keepUntilMs }) {
      await dedupe.complete(key, token, { keepUntilMs: keepUntilMs + (await time.aheadMs()) })
    },
    async release(key, token) {
      await dedupe.release(key, token)
    },
  }
}

function enqueued(given: NewEvent, ms: number): NewEvent {
  const deliveries = given.deliveries.map(one => {
    const claim = one.claim && { ...one.claim, leaseUntilMs: one.claim.leaseUntilMs + ms }
    return { ...one, dueAtMs: one.dueAtMs + ms, ...(claim && { claim }) }
  })
  return { ...given, deliveries }
}

function settled(settlement: Settlement, ms: number): Settlement {
  const { next } = settlement
  return 'dueAtMs' in next ? { ...settlement, next: { ...next, dueAtMs: next.dueAtMs + ms } } : settlement
}
