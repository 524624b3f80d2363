import type { ClaimRequest, ClaimTicket, LaneChoice } from '../store.ts'
import { createDueHeap } from './heap.ts'
import { createLane, firstOf, type Lane } from './lane.ts'
import { createOrderGroup, enterGroup, leaveGroup } from './order-group.ts'
import { historyOf, type Row } from './row.ts'

/** A row that waits for its time. Void when the row was moved meanwhile. */
interface Alarm {
  readonly dueAtMs: number
  readonly row: Row
}

/** The lanes of one direction: which deliveries may go, in which turn. */
export class MemoryQueue {
  readonly #lanes = new Map<string, Lane>()
  /** Lanes with something to do, in turn: the first one is served next and goes to the end. */
  readonly #runnable = new Set<Lane>()
  readonly #alarms = createDueHeap<Alarm>()
  readonly #claims = new Set<Row>()
  /** No lease runs out before. */
  #leasesUntilMs = Number.POSITIVE_INFINITY

  /** Lets a row wait for its turn. */
  add(row: Row, nowMs: number): void {
    if (!row.ordered) {
      this.#schedule(row, nowMs)
      return
    }
    const { groups } = this.#lane(row.lane)
    const { subject } = row.entry.event
    let group = groups.get(subject)
    if (group === undefined) {
      group = createOrderGroup()
      groups.set(subject, group)
    }
    const next = enterGroup(group, row)
    if (next !== undefined) this.#schedule(next, nowMs)
  }

  /** Takes a row out that ended. The one that waited for it may go on. */
  remove(row: Row, nowMs: number): void {
    const lane = row.ordered ? this.#lanes.get(row.lane) : undefined
    const group = lane?.groups.get(row.entry.event.subject)
    if (lane === undefined || group === undefined) return
    const next = leaveGroup(group, row)
    if (next !== undefined) this.#schedule(next, nowMs)
    else if (group.head === undefined) {
      lane.groups.delete(row.entry.event.subject)
      this.#dropIdle(lane)
    }
  }

  /** The due time of a row that waits was changed. */
  move(row: Row, nowMs: number): void {
    if (row.state !== 'blocked') this.#schedule(row, nowMs)
  }

  /** Gives a row to a claimant. */
  hold(row: Row, { token, leaseUntilMs }: ClaimTicket): void {
    row.state = 'claimed'
    const history = historyOf(row)
    history.token = token
    history.leaseUntilMs = leaseUntilMs
    this.#claims.add(row)
    this.#leasesUntilMs = Math.min(this.#leasesUntilMs, leaseUntilMs)
  }

  /** Ends a claim. */
  letGo(row: Row): void {
    historyOf(row).token = undefined
    this.#claims.delete(row)
  }

  /** Prolongs all claims of these tokens, and answers which of them there are. */
  renew(tokens: ReadonlySet<string>, leaseUntilMs: number): ReadonlySet<string> {
    const held = new Set<string>()
    for (const row of this.#claims) {
      const history = historyOf(row)
      if (history.token === undefined || !tokens.has(history.token)) continue
      history.leaseUntilMs = leaseUntilMs
      held.add(history.token)
    }
    this.#leasesUntilMs = Math.min(this.#leasesUntilMs, leaseUntilMs)
    return held
  }

  /** Claims up to `limit` rows, one from each lane in turn. */
  take(request: ClaimRequest): Row[] {
    const { nowMs, limit, perLane, laneLimits } = request
    this.#takeBackExpired(nowMs)
    this.#ring(nowMs)
    const taken: Row[] = []
    const counts = new Map<Lane, number>()
    const served: Lane[] = []
    for (const lane of this.#runnable) {
      if (taken.length >= limit) break
      // Skipped lanes keep their places.
      if (!isWanted(lane, request)) continue
      this.#runnable.delete(lane)
      const row = this.#takeFirst(lane, nowMs)
      if (row === undefined) {
        this.#dropIdle(lane)
        continue
      }
      this.hold(row, request)
      taken.push(row)
      const count = (counts.get(lane) ?? 0) + 1
      counts.set(lane, count)
      if (count < (laneLimits?.get(lane.name) ?? perLane)) this.#runnable.add(lane)
      else served.push(lane)
    }
    for (const lane of served) this.#runnable.add(lane)
    return taken
  }

  /** When something falls due by itself; a time that has passed when something waits already. */
  nextDueAtMs(choice: LaneChoice): number | undefined {
    let next = Number.POSITIVE_INFINITY
    for (const lane of this.#runnable) {
      const first = isWanted(lane, choice) ? firstOf(lane) : undefined
      if (first === undefined) continue
      next = first.dueAtMs
      break
    }
    for (let alarm = this.#alarms.peek(); alarm !== undefined; alarm = this.#alarms.peek()) {
      if (isValid(alarm)) {
        next = Math.min(next, alarm.dueAtMs)
        break
      }
      this.#alarms.take()
    }
    for (const row of this.#claims) next = Math.min(next, historyOf(row).leaseUntilMs)
    return next === Number.POSITIVE_INFINITY ? undefined : next
  }

  #lane(name: string): Lane {
    let lane = this.#lanes.get(name)
    if (lane === undefined) {
      lane = createLane(name)
      this.#lanes.set(name, lane)
    }
    return lane
  }

  /** Lanes come and go: there may be many names over time. */
  #dropIdle(lane: Lane): void {
    if (lane.groups.size > 0 || firstOf(lane) !== undefined) return
    this.#runnable.delete(lane)
    this.#lanes.delete(lane.name)
  }

  #schedule(row: Row, nowMs: number): void {
    if (row.dueAtMs <= nowMs) {
      const lane = this.#lane(row.lane)
      row.state = 'ready'
      lane.ready.push(row)
      this.#runnable.add(lane)
    } else {
      row.state = 'later'
      this.#alarms.add({ dueAtMs: row.dueAtMs, row })
    }
  }

  /** Rows whose time has not come after all, by the claimant's clock, wait for it. */
  #takeFirst(lane: Lane, nowMs: number): Row | undefined {
    for (let row = firstOf(lane); row !== undefined; row = firstOf(lane)) {
      lane.ready.shift()
      if (row.dueAtMs <= nowMs) return row
      this.#schedule(row, nowMs)
    }
    return undefined
  }

  #ring(nowMs: number): void {
    for (let alarm = this.#alarms.peek(); alarm !== undefined && alarm.dueAtMs <= nowMs; alarm = this.#alarms.peek()) {
      this.#alarms.take()
      if (isValid(alarm)) this.#schedule(alarm.row, nowMs)
    }
  }

  #takeBackExpired(nowMs: number): void {
    if (this.#leasesUntilMs > nowMs) return
    this.#leasesUntilMs = Number.POSITIVE_INFINITY
    for (const row of this.#claims) {
      const history = historyOf(row)
      if (history.leaseUntilMs <= nowMs) {
        history.crashes++
        this.letGo(row)
        this.add(row, nowMs)
      } else this.#leasesUntilMs = Math.min(this.#leasesUntilMs, history.leaseUntilMs)
    }
  }
}

function isWanted({ name }: Lane, { lanes, skipLanes }: LaneChoice): boolean {
  return (lanes === undefined || lanes.has(name)) && skipLanes?.has(name) !== true
}

function isValid({ dueAtMs, row }: Alarm): boolean {
  return row.state === 'later' && row.dueAtMs === dueAtMs
}
