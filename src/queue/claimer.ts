import type { ClaimedDelivery, LaneChoice } from '../storage/store.ts'
import type { Selection } from './last-try.ts'
import type { Leases } from './leases.ts'
import type { LocalLanes } from './local-lanes.ts'
import type { WorkerOptions } from './worker-options.ts'

const STORE_RETRY_MS = 1_000
/** When something is due that could not be claimed, it is asked for again after this. */
const BLOCKED_MS = 50
/** Lanes that are claimed for by their names; of more, all are. */
const MAX_NAMED = 100

/** What a claimer asks of its worker. */
export interface ClaimHost {
  readonly leases: Leases
  readonly lanes: LocalLanes
  /** How many may be claimed now; 0 or less while nothing may. */
  readonly room: () => number
  /** Whether there is somebody to wake up later. */
  readonly running: () => boolean
  /** What it keeps of a claim. */
  readonly select: (claimed: readonly ClaimedDelivery[]) => Selection
  readonly onClaimed: (selection: Selection, leaseUntilMs: number) => void
  /** Gives back what has not begun, as soon as the store takes it. */
  readonly giveBack: (claimed: readonly ClaimedDelivery[]) => void
  /** The time has come. */
  readonly onTimer: () => void
  /** It claims nothing more until it is asked, has room again or the time comes. */
  readonly onIdle: () => void
}

/** Claims what is due as long as there is room, and knows when there is nothing to ask the store for. */
export class Claimer {
  readonly #options: WorkerOptions
  readonly #host: ClaimHost
  #claiming = false
  /** Something may have fallen due, in any lane. */
  #asked = false
  /** Something may have fallen due in these. */
  readonly #askedLanes = new Set<string>()
  /** Until then something is taken to wait in lanes that have all they may have: the store need not say so each time. */
  #backlogUntilMs = Number.NEGATIVE_INFINITY
  /** When something falls due that this worker knows of, and the store was not asked for since. */
  #dueAtMs = Number.POSITIVE_INFINITY
  #timer: { readonly atMs: number; readonly cancel: () => void } | undefined
  #failure: { readonly error: unknown } | undefined

  constructor(options: WorkerOptions, host: ClaimHost) {
    this.#options = options
    this.#host = host
  }

  get claiming(): boolean {
    return this.#claiming
  }

  /** Whether something may be due for which there is no room. */
  get wantsRoom(): boolean {
    return !this.#claiming && (this.#asked || this.#askedLanes.size > 0)
  }

  /** What the store said when it was asked last, if it failed. */
  get failure(): { readonly error: unknown } | undefined {
    return this.#failure
  }

  /** Something new may be due, in these lanes or in any. Lanes that have enough are asked for when they open. */
  ask(lanes?: readonly string[]): void {
    if (lanes === undefined) this.#asked = true
    else {
      for (const lane of lanes) {
        if (this.#host.lanes.full.has(lane)) this.#host.lanes.inStore.add(lane)
        else this.#askedLanes.add(lane)
      }
    }
    this.roomMade()
  }

  /** Something falls due by itself. What is due already has to be asked for. */
  dueBy(atMs: number): void {
    if (atMs <= this.#options.clock.now()) return
    this.#dueAtMs = Math.min(this.#dueAtMs, atMs)
    if (!this.#claiming) this.#sleepLess()
  }

  /** There is room: enough of a reason when it is a lane's of which the store may hold something. */
  roomMade(): void {
    if (!this.#claiming && this.#wanted) void this.#claimAll()
  }

  /** Nobody is to be woken later. */
  stop(): void {
    this.#cancelTimer()
  }

  get #wanted(): boolean {
    return this.#asked || this.#askedLanes.size > 0 || this.#host.lanes.inStore.opened
  }

  async #claimAll(): Promise<void> {
    this.#claiming = true
    try {
      while (this.#wanted) {
        const limit = this.#host.room()
        // Whatever ends, or is written, makes room.
        if (limit <= 0) break
        const lanes = this.#takeLanes()
        if (lanes === undefined || lanes.size > 0) await this.#claim(limit, lanes)
      }
    } finally {
      this.#claiming = false
      this.#sleepLess()
      this.#host.onIdle()
    }
  }

  /** While the worker runs there is always a timer, or a claim under way. */
  #sleepLess(): void {
    if (this.#timer === undefined || this.#dueAtMs < this.#timer.atMs) this.#sleepUntil(this.#dueAtMs)
  }

  /** The lanes to claim for; `undefined` for all. */
  #takeLanes(): ReadonlySet<string> | undefined {
    const { lanes: served } = this.#options
    const { full } = this.#host.lanes
    const lanes = new Set([...this.#askedLanes, ...this.#host.lanes.inStore.takeOpened()])
    this.#askedLanes.clear()
    if (this.#asked || lanes.size > MAX_NAMED) {
      this.#asked = false
      return undefined
    }
    for (const lane of lanes) {
      if (served?.has(lane) === false) lanes.delete(lane)
      // It has filled since it was asked for.
      else if (full.has(lane) && lanes.delete(lane)) this.#host.lanes.inStore.add(lane)
    }
    return lanes
  }

  async #claim(limit: number, named: ReadonlySet<string> | undefined): Promise<void> {
    const { deliveries, clock, direction, lanes: served, logger } = this.#options
    const { full: skipLanes, room: laneLimits, inStore } = this.#host.lanes
    inStore.claimBegins()
    const all: LaneChoice = { direction, ...(served && { lanes: served }) }
    const choice: LaneChoice = named === undefined ? { ...all, skipLanes } : { direction, lanes: named }
    const ticket = this.#host.leases.ticket()
    const nowMs = clock.now()
    if (named === undefined) {
      this.#cancelTimer()
      this.#dueAtMs = Number.POSITIVE_INFINITY
    }
    try {
      const limits = named === undefined ? laneLimits : limitsOf(named, laneLimits)
      const claimed = await deliveries.claim({ ...ticket, ...choice, nowMs, limit, perLane: 1, laneLimits: limits })
      // What the claim was made for that failed is not known any more.
      if (this.#failure !== undefined && named !== undefined) this.#asked = true
      this.#failure = undefined
      const selection = this.#host.select(claimed)
      if (selection.back.length > 0) {
        await deliveries.settle(selection.back).catch((error: unknown) => {
          // None of it may begin, nor count as what a worker died with.
          this.#host.giveBack(claimed)
          throw error
        })
      }
      this.#host.onClaimed(selection, ticket.leaseUntilMs)
      const given = new Set(claimed.map(({ delivery }) => delivery.lane))
      for (const lane of given) if (skipLanes.has(lane)) inStore.add(lane)
      // There may be more, unless these lanes have all that they may have.
      const more = [...given].filter(lane => !skipLanes.has(lane))
      if (claimed.length === limit || selection.back.length > 0) this.#asked = true
      else if (more.length > 0) this.#askAgain(named, more)
      else inStore.emptied(lane => !skipLanes.has(lane) && named?.has(lane) !== false)
      if (named === undefined && !this.#asked) await this.#rest(all, nowMs)
    } catch (error) {
      logger.error('webhook store did not answer', { error })
      this.#failure = { error }
      this.#sleep(clock.now() + STORE_RETRY_MS, nowMs)
    }
  }

  #askAgain(named: ReadonlySet<string> | undefined, lanes: readonly string[]): void {
    if (named === undefined) this.#asked = true
    else for (const lane of lanes) this.#askedLanes.add(lane)
  }

  /** Learns when to claim again. What waits in a lane that has all it may have is claimed when the lane has room. */
  async #rest(all: LaneChoice, claimedAtMs: number): Promise<void> {
    const { deliveries, pollMs } = this.#options
    const { lanes } = this.#host
    if (lanes.full.size === 0 || claimedAtMs >= this.#backlogUntilMs) {
      const dueAtMs = await deliveries.nextDueAtMs(all)
      const isBacklog = dueAtMs !== undefined && dueAtMs <= claimedAtMs
      if (!isBacklog || lanes.full.size === 0) {
        this.#sleep(dueAtMs, claimedAtMs)
        return
      }
      this.#backlogUntilMs = claimedAtMs + pollMs
    }
    for (const lane of lanes.full) lanes.inStore.add(lane)
    this.#sleep(await deliveries.nextDueAtMs({ ...all, skipLanes: lanes.full }), claimedAtMs)
  }

  /** Wakes up when something falls due, by the store's word, or a lane may go on. */
  #sleep(dueAtMs: number | undefined, claimedAtMs: number): void {
    const blocked = dueAtMs !== undefined && dueAtMs <= claimedAtMs
    const claimAtMs = blocked ? this.#options.clock.now() + BLOCKED_MS : (dueAtMs ?? Number.POSITIVE_INFINITY)
    this.#sleepUntil(Math.min(claimAtMs, this.#dueAtMs))
  }

  #sleepUntil(atMs: number): void {
    const { clock, pollMs } = this.#options
    const { resumeAtMs } = this.#host.lanes
    if (!this.#host.running()) return
    const nowMs = clock.now()
    const delayMs = Math.min(pollMs, Math.max(1, Math.min(atMs, resumeAtMs) - nowMs))
    this.#cancelTimer()
    this.#timer = { atMs: nowMs + delayMs, cancel: clock.setTimer(() => this.#onTimer(), delayMs) }
  }

  /** What has fallen due is asked for from now on. */
  #onTimer(): void {
    this.#timer = undefined
    if (this.#dueAtMs <= this.#options.clock.now()) this.#dueAtMs = Number.POSITIVE_INFINITY
    this.#host.onTimer()
  }

  #cancelTimer(): void {
    this.#timer?.cancel()
    this.#timer = undefined
  }
}

function limitsOf(named: ReadonlySet<string>, limits: ReadonlyMap<string, number>): ReadonlyMap<string, number> {
  const own = new Map<string, number>()
  for (const lane of named) own.set(lane, limits.get(lane) ?? 1)
  return own
}
