import type { ClaimedDelivery, ClaimTicket } from '../storage/store.ts'
import { Claimer } from './claimer.ts'
import { Grace } from './grace.ts'
import { LastTry } from './last-try.ts'
import { createLeases, type Leases } from './leases.ts'
import { LocalLanes } from './local-lanes.ts'
import { broken, givenBack, MAX_CRASHES, setAside, setsFree } from './outcomes.ts'
import { pauseUntilMs } from './pace.ts'
import { type AttemptEnd, createSettler, type Outcome, type Settler } from './settler.ts'
import { type Running, UnderWay } from './under-way.ts'
import type { WorkerOptions } from './worker-options.ts'

export type { AttemptEnd } from './settler.ts'
export type { WorkerOptions } from './worker-options.ts'

/** Claims deliveries lane by lane, makes the attempts and writes how they ended. */
export class Worker {
  readonly #options: WorkerOptions
  readonly #lanes: LocalLanes
  readonly #leases: Leases
  readonly #settler: Settler
  readonly #underWay: UnderWay
  readonly #claimer: Claimer
  readonly #lastTry = new LastTry()
  readonly #grace: Grace
  #reserved = 0
  #done = 0
  #running = false
  #drains = 0
  #stopping = false
  #stops = 0
  #stopListening: (() => void) | undefined
  readonly #idleListeners: Array<() => void> = []

  constructor(options: WorkerOptions) {
    this.#options = options
    const { deliveries, clock, logger, settleAfterMs, leaseMs, slowAfterMs } = options
    this.#lanes = new LocalLanes(options.laneLimit)
    this.#grace = new Grace(clock)
    this.#leases = createLeases(deliveries, clock, logger, leaseMs, options.newId)
    this.#settler = createSettler({
      deliveries,
      clock,
      logger,
      delayMs: settleAfterMs,
      onWritten: (outcomes, changed) => this.#written(outcomes, changed),
    })
    this.#underWay = new UnderWay(clock, slowAfterMs, running => this.#wentSlow(running))
    this.#claimer = new Claimer(options, {
      leases: this.#leases,
      lanes: this.#lanes,
      room: () => this.#room(),
      running: () => this.#running,
      select: claimed => this.#lastTry.select(claimed, this.#isQuiet, options.slots),
      onClaimed: (selection, leaseUntilMs) => {
        this.#lastTry.note(selection)
        // What waits for its pace would be held up by the last try, or hold it up.
        if (this.#lastTry.isPending) this.#giveBack(this.#lanes.takeWaiting())
        for (const one of selection.kept) this.#accept(one, leaseUntilMs)
        this.#startWaiting()
      },
      giveBack: claimed => this.#giveBack(claimed),
      onTimer: () => this.wake(),
      onIdle: () => this.#checkIdle(),
    })
  }

  start(): void {
    if (this.#running) return
    this.#running = true
    this.#stopping = false
    this.#grace.cancel()
    const { deliveries, direction } = this.#options
    this.#stopListening = deliveries.onEnqueued?.(lanes =>
      this.wake(lanes?.filter(one => one.direction === direction).map(({ lane }) => lane)),
    )
    this.wake()
  }

  /** Something new may be due, in these lanes; without them, in any. */
  wake(lanes?: readonly string[]): void {
    if (!this.#active) return
    this.#startWaiting()
    this.#claimer.ask(lanes)
  }

  /**
   * Takes a place for a delivery that is about to be stored. The ticket goes with it into the store, and then to
   * `run`, or to `unreserve` when it was not stored. `undefined` when there is no room.
   */
  reserve(lane: string): ClaimTicket | undefined {
    if (!this.#running) return undefined
    const full = this.#held >= this.#most || this.#open >= this.#options.maxOpen
    // What the store holds comes first.
    if (full || this.#claimer.wantsRoom || this.#lastTry.isPending || !this.#lanes.reserve(lane)) {
      this.#lanes.inStore.add(lane)
      return undefined
    }
    this.#reserved++
    return this.#leases.ticket()
  }

  unreserve(lane: string): void {
    this.#reserved--
    this.#lanes.unreserve(lane)
    this.#claimer.roomMade()
    this.#checkIdle()
  }

  /** Runs deliveries that were stored with a ticket of `reserve`, which holds until then: storing them takes time. */
  run(claimed: readonly ClaimedDelivery[], leaseUntilMs: number): void {
    for (const one of claimed) {
      this.#accept(one, leaseUntilMs)
      this.unreserve(one.delivery.lane)
    }
    this.#startWaiting()
  }

  /**
   * Runs what is due, and what falls due meanwhile, then returns how many attempts ended. A stop under way goes first.
   * Does not wait for what must wait for its pace, unless the worker runs anyway. Rejects as the store does.
   */
  async drain(): Promise<number> {
    const stops = this.#stops
    await this.#grace.over()
    if (stops !== this.#stops && !this.#running) return 0
    const before = this.#done
    this.#drains++
    if (!this.#running) this.#stopping = false
    this.wake()
    await this.#untilIdle()
    this.#drains--
    if (!this.#running && this.#claimer.failure !== undefined) throw this.#claimer.failure.error
    return this.#done - before
  }

  /**
   * Claims nothing more, gives back what has not begun, and waits for what has: at most `graceMs`, then it is aborted.
   * Whatever is not settled a second later is taken over when its lease runs out. A start meanwhile ends the stop.
   */
  async stop(graceMs: number): Promise<void> {
    this.#running = false
    this.#stopping = true
    this.#stops++
    this.#stopListening?.()
    this.#claimer.stop()
    this.#giveBack(this.#lanes.takeWaiting())
    await this.#grace.run(graceMs, this.#untilIdle(), () => this.#underWay.abortAll())
    if (!this.#running && !this.#grace.isRunning) this.#leases.stop()
  }

  get #active(): boolean {
    return !this.#stopping && (this.#running || this.#drains > 0)
  }

  async #untilIdle(): Promise<void> {
    // What is written may set something free that is due.
    while (!this.#idle || this.#settler.pending > 0) {
      if (this.#idle) await this.#settler.idle()
      else await new Promise<void>(resolve => this.#idleListeners.push(resolve))
    }
  }

  get #idle(): boolean {
    return this.#underWay.open === 0 && this.#reserved === 0 && !this.#claimer.claiming && !this.#lanes.waiting
  }

  /** Whether a death of this worker could be put down to nothing: what is slow is not waited for. */
  get #isQuiet(): boolean {
    return this.#underWay.slots === 0 && this.#reserved === 0 && this.#settler.pending === 0
  }

  #checkIdle(): void {
    if (this.#idleListeners.length === 0 || !this.#idle) return
    for (const listener of this.#idleListeners.splice(0)) listener()
  }

  /** Fills the free slots from what is held, then from the store if that may hold something. */
  #roomMade(): void {
    if (!this.#active) return
    this.#startWaiting()
    this.#claimer.roomMade()
  }

  /** How many deliveries may be claimed now. */
  #room(): number {
    const { slots, maxOpen } = this.#options
    if (!this.#active || this.#lastTry.isRunning || (this.#lastTry.isAwaited && !this.#isQuiet)) return 0
    const room = Math.min(this.#most - this.#held, maxOpen - this.#open)
    // While the slots are taken, a larger claim is worth waiting for: half of what is held beyond them.
    return this.#underWay.slots < slots || room >= (this.#most - slots) / 2 ? room : 0
  }

  /** Under way or about to be stored, and what was under way and is not written yet: others would repeat that. */
  get #open(): number {
    return this.#underWay.open + this.#settler.pending + this.#reserved
  }

  /** How much may be held. */
  get #most(): number {
    const { slots, maxHeld = Number.POSITIVE_INFINITY } = this.#options
    const factor = Math.min(this.#lanes.heldFactor, this.#lastTry.heldFactor)
    return Math.min(maxHeld, Math.floor(slots * factor))
  }

  /** Under way, ready or about to be stored. What waits for its pace takes no place: many lanes may do so for long. */
  get #held(): number {
    return this.#underWay.slots + this.#lanes.ready + this.#reserved
  }

  #accept(claimed: ClaimedDelivery, leaseUntilMs: number): void {
    this.#leases.hold({ token: claimed.token, leaseUntilMs })
    if (this.#settler.adopt(claimed)) return
    if (!this.#active) this.#giveBack([claimed])
    else if (claimed.delivery.crashes >= MAX_CRASHES) this.#settler.add(setAside(claimed, this.#options.clock.now()))
    else this.#lanes.add(claimed)
  }

  #startWaiting(): void {
    const { slots, maxOpen, clock } = this.#options
    while (this.#underWay.slots < slots && this.#open - this.#reserved < maxOpen) {
      const claimed = this.#lanes.next(clock.now())
      if (claimed === undefined) return
      const waitMs = this.#options.paceMs?.(claimed) ?? 0
      if (waitMs > 0) this.#pause(claimed, waitMs)
      else this.#start(claimed)
    }
  }

  /** What must wait for longer than a lease, would keep a drain waiting, or is more than may be held, is given back. */
  #pause(claimed: ClaimedDelivery, waitMs: number): void {
    const { clock, leaseMs } = this.#options
    const isLong = waitMs > leaseMs || this.#lanes.paced >= this.#most
    const untilMs = pauseUntilMs(waitMs, clock.now(), isLong, this.#options)
    this.#lanes.pause(claimed, untilMs)
    this.#claimer.dueBy(untilMs)
    const isHeld = !isLong && this.#running && !this.#lastTry.isRunning
    if (!isHeld) this.#giveBack(this.#lanes.takeWaiting(claimed.delivery.lane))
  }

  #start(claimed: ClaimedDelivery): void {
    const { lane } = claimed.delivery
    // After a long pause of the process somebody else may have it.
    if (!this.#leases.holds(claimed.token)) {
      this.#leases.release(claimed.token)
      this.#lanes.finished(lane, false, 1)
      this.#lastTry.ended(claimed.delivery.id)
      return
    }
    const running = this.#underWay.begin(claimed, !this.#lanes.isSuspect(lane))
    const { perform, clock, logger } = this.#options
    perform(claimed, running.abort.signal)
      .then(
        end => this.#ended(running, end),
        (error: unknown) => {
          logger.error('webhook attempt failed unexpectedly', { error })
          this.#ended(running, broken(claimed, clock.now()))
        },
      )
      .catch((error: unknown) => logger.error('webhook worker failed', { error }))
  }

  #ended(running: Running, end: AttemptEnd): void {
    const { claimed, slow, startedAtMs } = running
    const { clock, laneLimit } = this.#options
    this.#underWay.end(running)
    this.#done++
    this.#settler.add({ claimed, end })
    this.#lanes.finished(claimed.delivery.lane, slow, laneLimit(claimed), clock.now() - startedAtMs)
    this.#roomMade()
    this.#checkIdle()
  }

  #wentSlow({ claimed }: Running): void {
    const { lane } = claimed.delivery
    this.#giveBack(this.#lanes.wentSlow(lane))
    this.#lastTry.wentSlow(lane)
    this.#roomMade()
  }

  #giveBack(claimed: readonly ClaimedDelivery[]): void {
    for (const one of claimed) this.#settler.add(givenBack(one))
  }

  #written(outcomes: readonly Outcome[], changed: readonly boolean[]): void {
    const free: string[] = []
    const nowMs = this.#options.clock.now()
    outcomes.forEach((outcome, i) => {
      const { delivery, token } = outcome.claimed
      this.#leases.release(token)
      this.#lastTry.ended(delivery.id)
      this.#options.onSettled?.(outcome, changed[i] === true)
      if ('dueAtMs' in outcome.end.next) this.#claimer.dueBy(outcome.end.next.dueAtMs)
      if (setsFree(outcome, nowMs)) free.push(delivery.lane)
    })
    if (free.length > 0) this.wake(free)
    else this.#roomMade()
  }
}
