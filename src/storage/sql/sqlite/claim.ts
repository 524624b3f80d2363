import type { ClaimRequest, LaneChoice } from '../../store.ts'
import type { Lanes } from '../lanes.ts'
import { type Claimed, Cursors, groupsOf, interleave } from '../queue.ts'
import { DELIVERY_COLUMNS, DIRECTION, EVENT_COLUMNS } from '../rows.ts'
import type { Row, Steps } from '../statement.ts'
import type { Tables } from '../tables.ts'
import { readNumber, readNumberOrUndefined } from '../values.ts'
import { giveTurns } from './settle.ts'

/**
 * Claims and due times. The lanes are found by jumping through the index from lane to lane, from where the last claim
 * ended: what it costs depends on the number of lanes, not on how much waits in them.
 */
export function sqliteClaim(tables: Tables, lanes: Lanes) {
  const { deliveries, lanes: laneTable, events } = tables
  const cursors = new Cursors()
  const nextLane = `select lane_no, due_at_ms from ${deliveries}
    where direction = ? and state = 0 and lane_no > ? order by lane_no, due_at_ms limit 1`
  const expire = `update ${deliveries} set state = 0, crashes = coalesce(crashes, 0) + 1, token = null,
    lease_until_ms = null where state = 1 and lease_until_ms <= ? returning lane_no, order_key`
  const take = `update ${deliveries} set state = 1, token = ?, lease_until_ms = ?
    where (event_no, ordinal) in (select event_no, ordinal from ${deliveries}
      where direction = ? and state = 0 and lane_no = ? and due_at_ms <= ?
      order by due_at_ms, event_no, ordinal limit ?)
    returning event_no, ordinal, lane_no, due_at_ms`
  const show = `select ${DELIVERY_COLUMNS}, ${EVENT_COLUMNS}, e.data from ${deliveries} d
    join ${laneTable} l on l.no = d.lane_no join ${events} e on e.no = d.event_no
    where d.event_no = ? and d.ordinal = ?`
  const firstLease = `select min(lease_until_ms) as due_at_ms from ${deliveries} where state = 1 and direction = ?`

  return {
    *claim(request: ClaimRequest): Steps<Claimed> {
      const direction = DIRECTION[request.direction]
      const expired = yield { text: expire, values: [request.nowMs] }
      // An older one may have been made due again meanwhile.
      yield* giveTurns(tables, groupsOf(expired))
      const own = new Map<number, number>()
      for (const [name, limit] of request.laneLimits ?? []) {
        for (const lane of yield* lanes.named(direction, [name])) own.set(lane, limit)
      }
      const chosen = yield* findLanes(request)
      const taken: Row[] = []
      // Shares of what is left, until it is used up or no lane has more.
      for (let open = chosen; open.length > 0 && taken.length < request.limit; ) {
        const left = request.limit - taken.length
        const more: number[] = []
        for (const [turn, lane] of open.entries()) {
          const allowed = own.get(lane) ?? request.perLane
          const most = Math.min(shareOf(left, open.length, turn), allowed, request.limit - taken.length)
          if (most <= 0) continue
          const values = [request.token, request.leaseUntilMs, direction, lane, request.nowMs, most]
          const rows = yield { text: take, values }
          taken.push(...rows)
          own.set(lane, allowed - rows.length)
          if (rows.length === most && allowed > most) more.push(lane)
        }
        open = more
      }
      // Behind those that may give what is left over.
      const last = chosen[(request.limit % chosen.length) - 1] ?? chosen.at(-1)
      cursors.set(request, last ?? cursors.of(request))
      const turns = new Map(chosen.map((lane, turn) => [lane, turn]))
      const claimed: Row[] = []
      for (const row of interleave(taken, ({ lane_no }) => turns.get(Number(lane_no)) ?? 0)) {
        claimed.push(...(yield { text: show, values: [readNumber(row, 'event_no'), readNumber(row, 'ordinal')] }))
      }
      return { rows: claimed }
    },

    *nextDueAtMs(choice: LaneChoice): Steps<number | undefined> {
      const direction = DIRECTION[choice.direction]
      const skipped = new Set(yield* lanes.named(direction, choice.skipLanes ?? []))
      const only = choice.lanes && new Set(yield* lanes.named(direction, choice.lanes))
      const [lease] = yield { text: firstLease, values: [direction] }
      let next = (lease && readNumberOrUndefined(lease, 'due_at_ms')) ?? Number.POSITIVE_INFINITY
      for (let after = 0; ; ) {
        const [row] = yield { text: nextLane, values: [direction, after] }
        if (row === undefined) break
        after = readNumber(row, 'lane_no')
        if (!skipped.has(after) && only?.has(after) !== false) next = Math.min(next, readNumber(row, 'due_at_ms'))
      }
      return next === Number.POSITIVE_INFINITY ? undefined : next
    },
  }

  /**
   * Lanes with something to do, at most as many as may be served, beginning after the one that was served last. Of those
   * that are named it is not known whether they have: all of them.
   */
  function* findLanes(request: ClaimRequest): Steps<number[]> {
    const direction = DIRECTION[request.direction]
    const skipped = new Set(yield* lanes.named(direction, request.skipLanes ?? []))
    const start = cursors.of(request)
    if (request.lanes !== undefined) {
      const wanted = (yield* lanes.named(direction, request.lanes)).filter(lane => !skipped.has(lane))
      return wanted.sort((a, b) => Number(a <= start) - Number(b <= start) || a - b)
    }
    const found: number[] = []
    let wrapped = false
    for (let after = start; found.length < request.limit; ) {
      const [row] = yield { text: nextLane, values: [direction, after] }
      const lane = row && readNumber(row, 'lane_no')
      if (row === undefined || lane === undefined) {
        if (wrapped) break
        wrapped = true
        after = 0
        continue
      }
      if (wrapped && lane > start) break
      after = lane
      if (readNumber(row, 'due_at_ms') > request.nowMs || skipped.has(lane)) continue
      found.push(lane)
    }
    return found
  }
}

/** How many one of some lanes may give, by its turn: all give the same, and the first ones what is left over. */
function shareOf(limit: number, lanes: number, turn: number): number {
  return Math.max(1, Math.floor(limit / lanes) + (turn < limit % lanes ? 1 : 0))
}
