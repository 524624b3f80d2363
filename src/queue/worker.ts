import type { Clock } from '../clock.ts'
import type { Delivery } from '../model/delivery.ts'
import type { Logger } from '../model/logger.ts'
import type { ClaimedDelivery, ClaimTicket, DeliveryStore, Settlement } from '../storage/store.ts'
import { createLeases, type Leases } from './leases.ts'
import { LocalLanes } from './local-lanes.ts'
import { createSettler, type Settler } from './settler.ts'
import { SlowWatch } from './slow-watch.ts'

/** How an attempt ended: what is written about it. */
export type AttemptEnd = Omit<Settlement, 'deliveryId' | 'token'>

/** What a worker is made of. It knows no direction: the attempt is handed in. */
export interface WorkerOptions {
  readonly deliveries: DeliveryStore
  readonly direction: Delivery['direction']
  /** Makes one attempt. Must not reject; when it does, the delivery is tried again a minute later. */
  readonly perform: (claimed: ClaimedDelivery, signal: AbortSignal) => Promise<AttemptEnd>
  /** How many deliveries of its lane may be under way at once. */
  readonly laneLimit: (claimed: ClaimedDelivery) => number
  /** How long a delivery must still wait for its turn at a rate limit, in milliseconds; 0 when it may go. */
  readonly paceMs?: (claimed: ClaimedDelivery) => number
  readonly clock: Clock
  readonly logger: Logger
  /** Attempts under way at once that count; one that takes long no longer does. */
  readonly slots: number
  /** Attempts under way at once, the slow ones included. */
  readonly maxOpen: number
  /** From when on an attempt no longer takes a slot. */
  readonly slowAfterMs: number
  readonly leaseMs: number
  /** How often the store is asked when nothing wakes the worker. */
  readonly pollMs: number
  /** How long an outcome waits to be written together with others. */
  readonly settleAfterMs: number
}

/** Deliveries of one lane that a worker holds ahead of their turn. */
const CLAIM_PER_LANE = 16
/** After so many workers died with it, a delivery is set aside. */
const MAX_CRASHES = 3
const STORE_RETRY_MS = 1_000

/** Claims deliveries lane by lane, makes the attempts and writes how they ended. */
export class Worker {
  readonly #options: WorkerOptions
  readonly #lanes = new LocalLanes()
  readonly #leases: Leases
  readonly #settler: Settler
  readonly #slowWatch: SlowWatch
  readonly #abort = new AbortController()
  readonly #reserved = new Map<string, number>()
  #reservedCount = 0
  #open = 0
  #slots = 0
  #running = false
  #claiming: Promise<void> | undefined
  #again = false
  #cancelTimer: (() => void) | undefined
  #stopListening: (() => void) | undefined
  #idleListeners: Array<() => void> = []
  #drainUntil: { done: number } | undefined

  constructor(options: WorkerOptions) {
    this.#options = options
    const { deliveries, clock, logger } = options
    this.#leases = createLeases(deliveries, clock, logger, options.leaseMs)
    this.#settler = createSettler(deliveries, clock, logger, options.settleAfterMs)
    this.#slowWatch = new SlowWatch(clock, options.slowAfterMs, lane => this.#wentSlow(lane))
  }

  get running(): boolean {
    return this.#running
  }

  start(): void {
    if (this.#running) return
    this.#running = true
    this.#stopListening = this.#options.deliveries.onEnqueued?.(() => this.wake())
    this.wake()
  }

  /** Something new may be due. */
  wake(): void {
    if (this.#running || this.#drainUntil !== undefined) this.#pump()
  }

  /**
   * Takes a place for a delivery that is about to be stored. The ticket goes with it into the store, and then to
   * `run`, or to `unreserve` when it was not stored. `undefined` when there is no room.
   */
  reserve(lane: string): ClaimTicket | undefined {
    const taken = this.#reserved.get(lane) ?? 0
    const busy = this.#slots + this.#reservedCount >= this.#options.slots || this.#open >= this.#options.maxOpen
    if (!this.#running || busy || !this.#lanes.hasRoom(lane, taken)) return undefined
    this.#reserved.set(lane, taken + 1)
    this.#reservedCount++
    return this.#leases.ticket()
  }

  unreserve(lane: string): void {
    const taken = this.#reserved.get(lane) ?? 0
    this.#reservedCount--
    if (taken <= 1) this.#reserved.delete(lane)
    else this.#reserved.set(lane, taken - 1)
  }

  /** Runs deliveries that were stored with a ticket of `reserve`. */
  run(claimed: readonly ClaimedDelivery[]): void {
    for (const one of claimed) {
      this.unreserve(one.delivery.lane)
      this.#accept(one)
    }
    this.#startBuffered()
  }

  /** Runs what is due, and what falls due meanwhile, then returns how many attempts it made. */
  async drain(): Promise<number> {
    const drain = { done: 0 }
    this.#drainUntil = drain
    this.#pump()
    await this.#untilIdle()
    await this.#settler.idle()
    this.#drainUntil = undefined
    return drain.done
  }

  /**
   * Claims nothing more, gives back what has not begun, and waits for what has: at most `graceMs`, then it is
   * aborted. Whatever is not settled by then is taken over when its lease runs out.
   */
  async stop(graceMs: number): Promise<void> {
    this.#running = false
    this.#stopListening?.()
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
    await this.#claiming
    for (const claimed of this.#lanes.takeBuffered()) this.#giveBack(claimed)
    const cancelGrace = this.#options.clock.setTimer(() => this.#abort.abort(), graceMs)
    await this.#untilIdle()
    await this.#settler.idle()
    cancelGrace()
    this.#leases.stop()
  }

  #untilIdle(): Promise<void> {
    if (this.#open === 0 && this.#claiming === undefined && this.#lanes.buffered === 0) return Promise.resolve()
    return new Promise(resolve => {
      this.#idleListeners.push(resolve)
    })
  }

  #checkIdle(): void {
    if (this.#open > 0 || this.#claiming !== undefined || this.#lanes.buffered > 0) return
    const listeners = this.#idleListeners
    this.#idleListeners = []
    for (const listener of listeners) listener()
  }

  /** Fills the free slots from what is held, then from the store. */
  #pump(): void {
    this.#startBuffered()
    if (this.#claiming !== undefined) {
      this.#again = true
      return
    }
    const { slots, maxOpen } = this.#options
    const room = Math.min(slots - this.#slots - this.#reservedCount - this.#lanes.buffered, maxOpen - this.#open)
    if (room <= 0 || this.#settler.pending > 10 * maxOpen) return
    this.#claiming = this.#claim(room).finally(() => {
      this.#claiming = undefined
      if (this.#again) {
        this.#again = false
        this.wake()
      }
      this.#checkIdle()
    })
  }

  async #claim(limit: number): Promise<void> {
    const { deliveries, clock, direction, logger } = this.#options
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
    const ticket = this.#leases.ticket()
    const nowMs = clock.now()
    const skipLanes = this.#lanes.skipped(nowMs)
    try {
      const request = { ...ticket, nowMs, limit, perLane: CLAIM_PER_LANE, skipLanes, direction }
      const claimed = await deliveries.claim(request)
      for (const one of claimed) this.#accept(one)
      this.#startBuffered()
      if (claimed.length > 0) this.#again = true
      else if (this.#running) this.#sleepUntil(await deliveries.nextDueAtMs({ skipLanes, direction }))
    } catch (error) {
      logger.error('webhook store did not answer', { error })
      if (this.#running) this.#sleepUntil(clock.now() + STORE_RETRY_MS)
    }
  }

  #sleepUntil(dueAtMs: number | undefined): void {
    const { clock, pollMs } = this.#options
    const wakeAtMs = Math.min(dueAtMs ?? Number.POSITIVE_INFINITY, this.#lanes.resumeAtMs() ?? Number.POSITIVE_INFINITY)
    const delayMs = Math.min(pollMs, Math.max(1, wakeAtMs - clock.now()))
    this.#cancelTimer?.()
    this.#cancelTimer = clock.setTimer(() => {
      this.#cancelTimer = undefined
      this.wake()
    }, delayMs)
  }

  #accept(claimed: ClaimedDelivery): void {
    this.#leases.hold(claimed.token)
    const waitMs = this.#options.paceMs?.(claimed) ?? 0
    if (claimed.delivery.crashes >= MAX_CRASHES) this.#setAside(claimed)
    else if (waitMs > 0) this.#pause(claimed, waitMs)
    else this.#lanes.add(claimed, this.#options.laneLimit(claimed))
  }

  #pause(claimed: ClaimedDelivery, waitMs: number): void {
    const untilMs = this.#options.clock.now() + waitMs
    this.#lanes.pause(claimed.delivery.lane, untilMs)
    this.#giveBack(claimed, untilMs)
  }

  #startBuffered(): void {
    const { slots, maxOpen } = this.#options
    while (this.#slots < slots && this.#open < maxOpen) {
      const claimed = this.#lanes.next()
      if (claimed === undefined) return
      this.#start(claimed)
    }
  }

  #start(claimed: ClaimedDelivery): void {
    this.#open++
    this.#slots++
    const watch = this.#slowWatch.begin(claimed.delivery.lane)
    this.#options
      .perform(claimed, this.#abort.signal)
      .catch((error: unknown) => this.#afterCrash(error))
      .then(end => {
        this.#settle(claimed, end)
        this.#open--
        if (this.#slowWatch.end(watch)) this.#slots--
        this.#lanes.finished(claimed.delivery.lane, watch.slow)
        if (this.#drainUntil !== undefined) this.#drainUntil.done++
        this.wake()
        this.#startBuffered()
        this.#checkIdle()
      })
      .catch((error: unknown) => this.#options.logger.error('webhook worker failed', { error }))
  }

  #afterCrash(error: unknown): AttemptEnd {
    const { clock, logger } = this.#options
    logger.error('webhook attempt failed unexpectedly', { error })
    const next = { status: 'returned', dueAtMs: clock.now() + 60_000 } as const
    return { next, lastError: 'the attempt failed unexpectedly' }
  }

  #wentSlow(lane: string): void {
    this.#slots--
    for (const claimed of this.#lanes.wentSlow(lane)) this.#giveBack(claimed)
    this.wake()
  }

  #setAside(claimed: ClaimedDelivery): void {
    const atMs = this.#options.clock.now()
    this.#settle(claimed, {
      next: { status: 'failed', atMs },
      lastError: `set aside: ${MAX_CRASHES} workers ended while they had it`,
    })
  }

  #giveBack(claimed: ClaimedDelivery, dueAtMs = claimed.delivery.dueAtMs): void {
    this.#settle(claimed, { next: { status: 'returned', dueAtMs } })
  }

  #settle({ delivery, token }: ClaimedDelivery, end: AttemptEnd): void {
    this.#settler.add({ deliveryId: delivery.id, token, ...end })
    this.#leases.release(token)
  }
}
