import type { ClaimRequest, ClaimTicket } from '../store.ts'
import { createDueHeap } from './heap.ts'
import { addToLane, createLane, dropFirst, firstOf, isFull, type Lane } from './lane.ts'
import { historyOf, type Row } from './row.ts'

/** A row that waits for its time, or an ordered lane whose first row does. */
interface Alarm {
  readonly dueAtMs: number
  readonly row: Row | undefined
  readonly lane: Lane
}

/** The lanes of a store in memory: which deliveries may go, in which turn. */
export class MemoryQueue {
  readonly #lanes = new Map<string, Lane>()
  /** Lanes with something to do, in turn: the first one is served next and goes to the end. */
  readonly #runnable = new Set<Lane>()
  readonly #alarms = createDueHeap<Alarm>()
  /** Claimed rows, in the order of their leases, since a renewed one goes to the end. */
  readonly #claims = new Set<Row>()

  lane(name: string, ordered: boolean, direction: Lane['direction']): Lane {
    const key = keyOf(name, direction)
    let lane = this.#lanes.get(key)
    if (lane === undefined) {
      lane = createLane(name, ordered, direction)
      this.#lanes.set(key, lane)
    }
    return lane
  }

  /** Lets a row wait for its time. */
  add(row: Row, nowMs: number): void {
    // An idle lane may have been dropped since, and another of its name be in its place.
    row.lane = this.lane(row.lane.name, row.lane.ordered, row.lane.direction)
    const { lane } = row
    if (lane.ordered) {
      addToLane(lane, row)
      this.#runnable.add(lane)
    } else if (row.dueAtMs <= nowMs) {
      addToLane(lane, row)
      this.#runnable.add(lane)
    } else {
      row.state = 'later'
      this.#alarms.add({ dueAtMs: row.dueAtMs, row, lane })
    }
  }

  /** Looks at a lane again: something about its rows changed. */
  wake(lane: Lane): void {
    this.#runnable.add(lane)
  }

  /** Gives a row to a claimant. */
  hold(row: Row, { token, leaseUntilMs }: ClaimTicket): void {
    row.state = 'claimed'
    row.lane.claimed++
    const history = historyOf(row)
    history.token = token
    history.leaseUntilMs = leaseUntilMs
    this.#claims.add(row)
  }

  /** Ends a claim. The lane may go on. */
  letGo(row: Row): void {
    historyOf(row).token = undefined
    this.#claims.delete(row)
    row.lane.claimed--
    if (!this.#dropIdle(row.lane)) this.#runnable.add(row.lane)
  }

  /** Lanes of one subject each would pile up otherwise. */
  #dropIdle(lane: Lane): boolean {
    if (lane.claimed > 0 || firstOf(lane) !== undefined) return false
    this.#runnable.delete(lane)
    return this.#lanes.delete(keyOf(lane.name, lane.direction))
  }

  /** Prolongs all claims of a token; `false` when there is none. */
  renew(token: string, leaseUntilMs: number): boolean {
    const rows = [...this.#claims].filter(row => row.history?.token === token)
    for (const row of rows) {
      historyOf(row).leaseUntilMs = leaseUntilMs
      this.#claims.delete(row)
      this.#claims.add(row)
    }
    return rows.length > 0
  }

  /** Claims up to `limit` rows, one from each lane in turn. */
  take(request: ClaimRequest): Row[] {
    const { nowMs, limit, perLane, skipLanes, direction } = request
    this.#ring(nowMs)
    this.#takeBackExpired(nowMs)
    const taken: Row[] = []
    const passedOver: Lane[] = []
    for (const lane of this.#runnable) {
      if (taken.length >= limit) break
      this.#runnable.delete(lane)
      const ours = direction === undefined || lane.direction === direction
      if (!ours || skipLanes?.has(lane.name)) {
        passedOver.push(lane)
        continue
      }
      // A full lane comes back when one of its claims ends.
      if (isFull(lane, perLane)) continue
      const row = this.#takeFirst(lane, nowMs)
      if (row === undefined) continue
      this.hold(row, request)
      taken.push(row)
      this.#runnable.add(lane)
    }
    for (const lane of passedOver) this.#runnable.add(lane)
    return taken
  }

  /** When something falls due by itself. */
  nextDueAtMs(nowMs: number, skipLanes: ReadonlySet<string> | undefined): number | undefined {
    this.#ring(nowMs)
    for (const lane of this.#runnable) {
      if (skipLanes?.has(lane.name) || lane.claimed > 0) continue
      const first = firstOf(lane)
      if (first !== undefined && first.dueAtMs <= nowMs) return nowMs
    }
    const alarm = this.#alarms.peek()?.dueAtMs
    const [claim] = this.#claims.values()
    const lease = claim === undefined ? undefined : historyOf(claim).leaseUntilMs
    if (alarm === undefined || lease === undefined) return alarm ?? lease
    return Math.min(alarm, lease)
  }

  #takeFirst(lane: Lane, nowMs: number): Row | undefined {
    for (let row = firstOf(lane); row !== undefined; row = firstOf(lane)) {
      if (row.dueAtMs <= nowMs) {
        dropFirst(lane)
        return row
      }
      if (lane.ordered) {
        this.#alarms.add({ dueAtMs: row.dueAtMs, row: undefined, lane })
        return undefined
      }
      dropFirst(lane)
      row.state = 'later'
      this.#alarms.add({ dueAtMs: row.dueAtMs, row, lane })
    }
    return undefined
  }

  /** Rows whose time has come go to their lanes. An alarm that was overtaken by another change is passed over. */
  #ring(nowMs: number): void {
    for (let alarm = this.#alarms.peek(); alarm !== undefined && alarm.dueAtMs <= nowMs; alarm = this.#alarms.peek()) {
      this.#alarms.take()
      const { row, lane } = alarm
      if (row === undefined) this.#runnable.add(lane)
      else if (row.state === 'later') this.add(row, nowMs)
    }
  }

  #takeBackExpired(nowMs: number): void {
    for (const row of this.#claims.values()) {
      const history = historyOf(row)
      if (history.leaseUntilMs > nowMs) return
      history.crashes++
      this.letGo(row)
      this.add(row, nowMs)
    }
  }
}

function keyOf(name: string, direction: Lane['direction']): string {
  return `${direction}:${name}`
}
