import type { ClaimRequest, EnqueueResult, LaneChoice, NewEvent, Settlement } from '../store.ts'
import type { Row, Steps } from './statement.ts'
import { readNumber, readTextOrUndefined } from './values.ts'

/** Ordered deliveries of a lane and a subject: one at a time, oldest first. */
export interface OrderGroup {
  readonly lane_no: number
  readonly order_key: string
}

/** What was settled, and where the next one of an order may have its turn now. */
export interface Settled {
  readonly changed: readonly boolean[]
  readonly groups: readonly OrderGroup[]
}

/** What a claim brought. */
export interface Claimed {
  /** Rows of claimed deliveries with their events, lane by lane in turn. */
  readonly rows: Row[]
  /**
   * Gives turns that have to be given before more can be claimed, in a transaction. Answers whether there were any.
   * Not there when all was claimed that is due.
   */
  readonly giveTurns?: () => Steps<boolean>
}

/** The statements that have to be fast, in each database's own words. */
export interface QueueStatements {
  /**
   * Stores events with their deliveries. Ordered ones need a transaction.
   *
   * @param own whether the transaction is the store's own. In somebody else's, which may be undone and may take long,
   * numbers of new lanes are not remembered, and nothing is locked that others need.
   */
  enqueue(events: readonly NewEvent[], nowMs: number, own: boolean): Steps<EnqueueResult[]>
  claim(request: ClaimRequest): Steps<Claimed>
  nextDueAtMs(choice: LaneChoice): Steps<number | undefined>
  /** Settlements with bodies as they are to be stored. */
  settle(settlements: readonly Settlement[]): Steps<Settled>
  /** Gives the turn to the oldest of each group. To be run in a transaction. */
  giveTurns(groups: readonly OrderGroup[]): Steps<void>
}

/** Where the last claim ended, so that the next one goes on behind it. Claims for some lanes do not disturb those for all. */
export class Cursors {
  readonly #ends = new Map<string, number>()

  of(request: ClaimRequest): number {
    return this.#ends.get(kindOf(request)) ?? 0
  }

  set(request: ClaimRequest, lane: number): void {
    this.#ends.set(kindOf(request), lane)
  }
}

function kindOf({ direction, lanes }: ClaimRequest): string {
  return `${direction} ${lanes === undefined ? 'all' : 'some'}`
}

/** The groups among rows of deliveries, each once. */
export function groupsOf(rows: readonly Row[]): OrderGroup[] {
  const groups = new Map<string, OrderGroup>()
  for (const row of rows) {
    const order_key = readTextOrUndefined(row, 'order_key')
    if (order_key === undefined) continue
    const lane_no = readNumber(row, 'lane_no')
    groups.set(`${lane_no} ${order_key}`, { lane_no, order_key })
  }
  return [...groups.values()]
}

/** One row of each lane before a second of any, the lanes in their turn. */
export function interleave(rows: readonly Row[], turn: (row: Row) => number): Row[] {
  const counts = new Map<unknown, number>()
  const placed = [...rows].sort(byAge).map(row => {
    const rank = counts.get(row.lane_no) ?? 0
    counts.set(row.lane_no, rank + 1)
    return { row, rank, turn: turn(row) }
  })
  return placed.sort((a, b) => a.rank - b.rank || a.turn - b.turn).map(({ row }) => row)
}

function byAge(a: Row, b: Row): number {
  const columns = ['due_at_ms', 'event_no', 'ordinal'] as const
  for (const column of columns) {
    const difference = readNumber(a, column) - readNumber(b, column)
    if (difference !== 0) return difference
  }
  return 0
}
