import type { ClaimedDelivery } from '../storage/store.ts'
import { LanesInStore } from './lanes-in-store.ts'

/** One lane as this worker sees it. */
interface LocalLane {
  readonly name: string
  /** Claimed, and waiting for a slot or for the lane's pace. */
  readonly waiting: ClaimedDelivery[]
  /** How many of them are counted as waiting for its pace. */
  paced: number
  /** Places for deliveries that are about to be stored. */
  reserved: number
  inFlight: number
  /** Under way for so long that they no longer take a slot. */
  slow: number
  /** The last answer was slow. */
  suspect: boolean
  /** How long its quick answers take, a moving average. */
  answerMs: number
  /** How many may be under way: starts at one, doubles with every quick answer, falls back to one with a slow one. */
  allowed: number
  pausedUntilMs: number
}

/** Lanes that are remembered. */
const MAX_LANES = 10_000
/**
 * So many times what may be under way is held, by a worker and by a lane that answers quickly: the next are at hand when
 * a place falls free, and the store is asked for many at once.
 */
const HELD = { least: 1, most: 16 }
/** So much work is held: what is due again, or left by a worker that died, has to wait behind it. */
const HELD_MS = 500
/** What an answer is taken to take before there was one: so long that no more is held than has begun. */
const FIRST_ANSWER_MS = HELD_MS
/** An answer changes the average by this part of the difference. */
const WEIGHT = 1 / 8

/**
 * The lanes of one worker. A lane shows what it can take before it gets more: a new one, or one that was slow,
 * has one request under way. So an endpoint that hangs holds one slot for a moment, not all of them.
 */
export class LocalLanes {
  readonly #lanes = new Map<string, LocalLane>()
  /** Lanes that may start what waits in them, in turn. */
  readonly #ready = new Set<LocalLane>()
  /** Lanes that wait for their pace. */
  readonly #paused = new Set<LocalLane>()
  readonly #full = new Set<string>()
  readonly #room = new Map<string, number>()
  /** Lanes that are to be claimed for once they have room. */
  readonly inStore = new LanesInStore()
  #resumeAtMs = Number.POSITIVE_INFINITY
  readonly #limitOf: (claimed: ClaimedDelivery) => number
  #answerMs = FIRST_ANSWER_MS
  #nowMs = 0
  #waiting = 0
  #paced = 0

  /** @param limitOf how many of its lane may be under way at once; it may change at any time. */
  constructor(limitOf: (claimed: ClaimedDelivery) => number = () => Number.POSITIVE_INFINITY) {
    this.#limitOf = limitOf
  }

  /** Lanes for which nothing is to be claimed now: they have enough at hand. */
  get full(): ReadonlySet<string> {
    return this.#full
  }

  /** Lanes that may have more than one claimed, and how many. */
  get room(): ReadonlyMap<string, number> {
    return this.#room
  }

  /** How many times its slots a worker may hold. */
  get heldFactor(): number {
    return factorOf(this.#answerMs)
  }

  /** Whether some delivery is held that has not begun. */
  get waiting(): boolean {
    return this.#waiting > 0
  }

  /** How many deliveries are held that may begin as soon as there is a slot, or when their lane has room. */
  get ready(): number {
    return this.#waiting - this.#paced
  }

  /** How many deliveries are held that wait for the pace of their lane. */
  get paced(): number {
    return this.#paced
  }

  /**
   * Takes a place for a delivery that is about to be stored; `false` when the lane has all it may hold, or when it would
   * overtake what the store holds of the lane.
   */
  reserve(name: string): boolean {
    if (this.inStore.has(name)) return false
    const lane = this.#lane(name)
    if (this.#roomOf(lane) <= 0) return false
    lane.reserved++
    this.#update(lane)
    return true
  }

  unreserve(name: string): void {
    const lane = this.#lane(name)
    lane.reserved--
    this.#update(lane)
  }

  add(claimed: ClaimedDelivery): void {
    const lane = this.#lane(claimed.delivery.lane)
    // What a worker died with has waited for the end of its lease.
    if (claimed.delivery.crashes > 0) lane.waiting.unshift(claimed)
    else lane.waiting.push(claimed)
    this.#waiting++
    this.#update(lane)
  }

  /** The next delivery to start, from each lane in turn. It counts as under way from now on. */
  next(nowMs: number): ClaimedDelivery | undefined {
    // When the clock was put back, they would wait for as long.
    const putBack = nowMs < this.#nowMs
    this.#nowMs = nowMs
    if (putBack || this.#resumeAtMs <= nowMs) this.#resume(putBack ? Number.POSITIVE_INFINITY : nowMs)
    for (const lane of this.#ready) {
      this.#ready.delete(lane)
      if (!this.#mayStart(lane)) continue
      const claimed = lane.waiting.shift()
      if (claimed === undefined) continue
      this.#waiting--
      lane.inFlight++
      this.#update(lane)
      return claimed
    }
    return undefined
  }

  /** Puts back what `next` gave, until the lane's pace allows it. */
  pause(claimed: ClaimedDelivery, untilMs: number): void {
    const lane = this.#lane(claimed.delivery.lane)
    lane.inFlight--
    lane.waiting.unshift(claimed)
    this.#waiting++
    lane.allowed = 1
    lane.pausedUntilMs = untilMs
    this.#paused.add(lane)
    this.#resumeAtMs = Math.min(this.#resumeAtMs, untilMs)
    this.#update(lane)
  }

  /** When the first lane that waits for its pace goes on; `Infinity` when none does. */
  get resumeAtMs(): number {
    return this.#resumeAtMs
  }

  /** A lane that was slow the last time takes no slot until it answers quickly. */
  isSuspect(name: string): boolean {
    return this.#lanes.get(name)?.suspect === true
  }

  /** A request has been under way for long. The answer holds what waits behind it. */
  wentSlow(name: string): readonly ClaimedDelivery[] {
    const lane = this.#lane(name)
    lane.slow++
    lane.suspect = true
    lane.allowed = 1
    return this.takeWaiting(name)
  }

  /** @param tookMs of an attempt that was made. */
  finished(name: string, wasSlow: boolean, limit: number, tookMs?: number): void {
    const lane = this.#lane(name)
    lane.inFlight--
    if (!wasSlow && tookMs !== undefined) {
      lane.answerMs += WEIGHT * (tookMs - lane.answerMs)
      this.#answerMs += WEIGHT * (tookMs - this.#answerMs)
    }
    if (wasSlow) lane.slow--
    else if (lane.slow === 0) {
      lane.suspect = false
      if (!this.#paused.has(lane)) lane.allowed = Math.min(limit, lane.allowed * 2)
    }
    this.#update(lane)
  }

  /** Empties a lane's queue, or all of them. */
  takeWaiting(name?: string): readonly ClaimedDelivery[] {
    const lanes = name === undefined ? [...this.#lanes.values()] : [this.#lane(name)]
    return lanes.flatMap(lane => {
      const taken = lane.waiting.splice(0)
      this.#waiting -= taken.length
      this.#update(lane)
      return taken
    })
  }

  #lane(name: string): LocalLane {
    let lane = this.#lanes.get(name)
    if (lane === undefined) {
      const idle = { paced: 0, reserved: 0, inFlight: 0, slow: 0, suspect: false, allowed: 1, pausedUntilMs: 0 }
      lane = { name, waiting: [], answerMs: FIRST_ANSWER_MS, ...idle }
      this.#lanes.set(name, lane)
    }
    return lane
  }

  /** What is remembered of a lane may be more than its limit is by now. */
  #mayStart(lane: LocalLane): boolean {
    const [first] = lane.waiting
    if (first === undefined || lane.allowed === 1) return true
    lane.allowed = Math.min(lane.allowed, this.#limitOf(first))
    if (lane.inFlight < lane.allowed) return true
    this.#update(lane)
    return false
  }

  #resume(nowMs: number): void {
    this.#resumeAtMs = Number.POSITIVE_INFINITY
    for (const lane of this.#paused) {
      if (lane.pausedUntilMs > nowMs) this.#resumeAtMs = Math.min(this.#resumeAtMs, lane.pausedUntilMs)
      else {
        this.#paused.delete(lane)
        this.#update(lane)
      }
    }
  }

  /** Keeps the views of the lanes as the lane is now. */
  #update(lane: LocalLane): void {
    const { name, waiting, reserved, inFlight, allowed } = lane
    const paused = this.#paused.has(lane)
    const paced = paused ? waiting.length : 0
    this.#paced += paced - lane.paced
    lane.paced = paced
    if (waiting.length > 0 && inFlight < allowed && !paused) this.#ready.add(lane)
    else this.#ready.delete(lane)
    const room = this.#roomOf(lane)
    // A claim is worth its while when half of what is at hand has gone.
    if (room <= 0 || 2 * waiting.length >= mostOf(lane)) this.#full.add(name)
    else if (this.#full.delete(name)) this.inStore.gotRoom(name)
    if (room > 1) this.#room.set(name, room)
    else this.#room.delete(name)
    if (inFlight + reserved + waiting.length === 0 && !paused) this.#rest(lane)
  }

  #roomOf(lane: LocalLane): number {
    if (this.#paused.has(lane)) return 0
    return mostOf(lane) - lane.inFlight - lane.reserved - lane.waiting.length
  }

  /** Remembers what an idle lane can take, as long as there is space. */
  #rest(lane: LocalLane): void {
    if (this.#full.delete(lane.name)) this.inStore.gotRoom(lane.name)
    this.#room.delete(lane.name)
    this.#lanes.delete(lane.name)
    if ((lane.allowed > 1 || lane.suspect) && this.#lanes.size < MAX_LANES) this.#lanes.set(lane.name, lane)
  }
}

/** How many a lane may hold, those under way included. */
function mostOf({ allowed, answerMs }: LocalLane): number {
  return allowed > 1 ? Math.floor(allowed * factorOf(answerMs)) : 1
}

function factorOf(answerMs: number): number {
  return Math.max(HELD.least, Math.min(HELD.most, HELD_MS / answerMs))
}
