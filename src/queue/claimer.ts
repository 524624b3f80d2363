import type { ClaimedDelivery, LaneChoice } from '../storage/store.ts'
import type { Selection } from './last-try.ts'
import type { Leases } from './leases.ts'
import type { LocalLanes } from './local-lanes.ts'
import type { WorkerOptions } from './worker-options.ts'

const STORE_RETRY_MS = 1_000
/** When something is due that could not be claimed, it is asked for again after this. */
const BLOCKED_MS = 50

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
  /** Something may have fallen due. */
  #asked = false
  /** Not so when the store has said that nothing is due in any lane: then room alone is no reason to claim. */
  #mayHold = true
  /** Until then something is taken to wait in lanes that have all they may have: the store need not say so each time. */
  #backlogUntilMs = Number.NEGATIVE_INFINITY
  #cancelTimer: (() => void) | undefined
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
    return this.#asked && !this.#claiming
  }

  /** What the store said when it was asked last, if it failed. */
  get failure(): { readonly error: unknown } | undefined {
    return this.#failure
  }

  /** Something new may be due. */
  ask(): void {
    this.#asked = true
    if (!this.#claiming) void this.#claimAll()
  }

  /** There is room: enough of a reason when it is a lane's of which the store may hold something. */
  roomMade(): void {
    if (!this.#claiming && this.#wanted) void this.#claimAll()
  }

  stop(): void {
    this.#cancelTimer?.()
  }

  get #wanted(): boolean {
    return this.#asked || (this.#mayHold && this.#host.lanes.opened)
  }

  async #claimAll(): Promise<void> {
    this.#claiming = true
    while (this.#wanted) {
      const limit = this.#host.room()
      // Whatever ends, or is written, makes room.
      if (limit <= 0) break
      this.#asked = false
      await this.#claim(limit)
    }
    this.#claiming = false
    this.#host.onIdle()
  }

  async #claim(limit: number): Promise<void> {
    const { deliveries, clock, direction, lanes, logger } = this.#options
    this.#cancelTimer?.()
    this.#mayHold = true
    const { full: skipLanes, room: laneLimits } = this.#host.lanes
    this.#host.lanes.claimBegins()
    const all: LaneChoice = { direction, ...(lanes && { lanes }) }
    const ticket = this.#host.leases.ticket()
    const nowMs = clock.now()
    try {
      const claimed = await deliveries.claim({ ...ticket, ...all, skipLanes, nowMs, limit, perLane: 1, laneLimits })
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
      // There may be more, unless these lanes have all that they may have.
      if (claimed.length === limit || claimed.some(one => !skipLanes.has(one.delivery.lane))) this.#asked = true
      else this.#host.lanes.claimEnds(lane => skipLanes.has(lane))
      if (!this.#asked) await this.#rest(all, nowMs)
    } catch (error) {
      logger.error('webhook store did not answer', { error })
      this.#failure = { error }
      this.#sleep(clock.now() + STORE_RETRY_MS, nowMs)
    }
  }

  /** Learns when to claim again. What waits in a lane that has all it may have is claimed when the lane has room. */
  async #rest(all: LaneChoice, claimedAtMs: number): Promise<void> {
    const { deliveries, pollMs } = this.#options
    const skipLanes = this.#host.lanes.full
    if (skipLanes.size === 0 || claimedAtMs >= this.#backlogUntilMs) {
      const dueAtMs = await deliveries.nextDueAtMs(all)
      this.#mayHold = dueAtMs !== undefined && dueAtMs <= claimedAtMs
      if (skipLanes.size === 0 || !this.#mayHold) {
        this.#sleep(dueAtMs, claimedAtMs)
        return
      }
      this.#backlogUntilMs = claimedAtMs + pollMs
    }
    this.#sleep(await deliveries.nextDueAtMs({ ...all, skipLanes }), claimedAtMs)
  }

  /** Wakes up when something falls due, by the store's word, or a lane may go on. */
  #sleep(dueAtMs: number | undefined, claimedAtMs: number): void {
    const { clock, pollMs } = this.#options
    const blocked = dueAtMs !== undefined && dueAtMs <= claimedAtMs
    const claimAtMs = blocked ? clock.now() + BLOCKED_MS : (dueAtMs ?? Number.POSITIVE_INFINITY)
    const { resumeAtMs } = this.#host.lanes
    if (!this.#host.running() && resumeAtMs === Number.POSITIVE_INFINITY) return
    const delayMs = Math.min(pollMs, Math.max(1, Math.min(claimAtMs, resumeAtMs) - clock.now()))
    this.#cancelTimer?.()
    this.#cancelTimer = clock.setTimer(this.#host.onTimer, delayMs)
  }
}
