import type { ClaimedDelivery } from '../storage/store.ts'

/** One lane as this worker sees it. */
interface LocalLane {
  readonly name: string
  /** Claimed, and waiting for their turn. */
  readonly buffer: ClaimedDelivery[]
  inFlight: number
  /** Under way for so long that they no longer take a slot. */
  slow: number
  /** How many may be under way: starts at one, doubles with every quick answer, falls back to one with a slow one. */
  allowed: number
  limit: number
}

/** Idle lanes whose pace is remembered. */
const MAX_IDLE_LANES = 10_000

/**
 * The lanes of one worker. A lane shows what it can take before it gets more: a new one, or one that was slow,
 * has one request under way. So an endpoint that hangs holds one slot for a moment, not all of them.
 */
export class LocalLanes {
  readonly #lanes = new Map<string, LocalLane>()
  /** Lanes that have something waiting and may start it, in turn. */
  readonly #ready = new Set<LocalLane>()
  /** Lanes with a slow request under way. */
  readonly #slow = new Set<string>()
  /** Lanes at their rate limit, and until when. */
  readonly #paused = new Map<string, number>()
  #buffered = 0

  /** Deliveries that are claimed and wait for their turn. */
  get buffered(): number {
    return this.#buffered
  }

  /** Lanes for which nothing is to be claimed now. */
  skipped(nowMs: number): ReadonlySet<string> {
    for (const [name, untilMs] of this.#paused) if (untilMs <= nowMs) this.#paused.delete(name)
    return this.#paused.size === 0 ? this.#slow : new Set([...this.#slow, ...this.#paused.keys()])
  }

  /** When the first paused lane goes on. */
  resumeAtMs(): number | undefined {
    return this.#paused.size === 0 ? undefined : Math.min(...this.#paused.values())
  }

  pause(name: string, untilMs: number): void {
    this.#paused.set(name, untilMs)
  }

  add(claimed: ClaimedDelivery, limit: number): void {
    const lane = this.#lane(claimed.delivery.lane, limit)
    lane.buffer.push(claimed)
    this.#buffered++
    this.#update(lane)
  }

  /** Whether a delivery that is not claimed yet could start at once. */
  hasRoom(name: string, reserved: number): boolean {
    const lane = this.#lanes.get(name)
    if (lane === undefined) return reserved === 0
    return (
      lane.slow === 0 && !this.#paused.has(name) && lane.buffer.length === 0 && lane.inFlight + reserved < lane.allowed
    )
  }

  /** The next delivery to start, from each lane in turn. It counts as under way from now on. */
  next(): ClaimedDelivery | undefined {
    for (const lane of this.#ready) {
      this.#ready.delete(lane)
      const claimed = lane.buffer.shift()
      if (claimed === undefined) continue
      this.#buffered--
      lane.inFlight++
      this.#update(lane)
      return claimed
    }
    return undefined
  }

  /** A request has been under way for long. The answer holds what waited behind it, to be given back. */
  wentSlow(name: string): readonly ClaimedDelivery[] {
    const lane = this.#lanes.get(name)
    if (lane === undefined) return []
    lane.slow++
    lane.allowed = 1
    this.#slow.add(name)
    this.#ready.delete(lane)
    this.#buffered -= lane.buffer.length
    return lane.buffer.splice(0)
  }

  finished(name: string, wasSlow: boolean): void {
    const lane = this.#lanes.get(name)
    if (lane === undefined) return
    lane.inFlight--
    if (wasSlow) {
      lane.slow--
      if (lane.slow === 0) this.#slow.delete(name)
    } else lane.allowed = Math.min(lane.limit, lane.allowed * 2)
    this.#update(lane)
    if (lane.inFlight === 0 && lane.buffer.length === 0) this.#retire(lane)
  }

  /** Empties all buffers. */
  takeBuffered(): readonly ClaimedDelivery[] {
    this.#ready.clear()
    this.#buffered = 0
    return [...this.#lanes.values()].flatMap(lane => lane.buffer.splice(0))
  }

  #lane(name: string, limit: number): LocalLane {
    let lane = this.#lanes.get(name)
    if (lane === undefined) {
      lane = { name, buffer: [], inFlight: 0, slow: 0, allowed: 1, limit }
      this.#lanes.set(name, lane)
    }
    lane.limit = limit
    lane.allowed = Math.min(lane.allowed, limit)
    return lane
  }

  #update(lane: LocalLane): void {
    if (lane.buffer.length > 0 && lane.slow === 0 && lane.inFlight < lane.allowed) this.#ready.add(lane)
    else this.#ready.delete(lane)
  }

  /** Keeps the pace of the lanes that were used last. */
  #retire(lane: LocalLane): void {
    if (this.#lanes.size <= MAX_IDLE_LANES) return
    this.#lanes.delete(lane.name)
  }
}
