import type { ClaimRequest, LaneChoice } from '../../store.ts'
import type { Lanes } from '../lanes.ts'
import { type Cursors, interleave } from '../queue.ts'
import { DELIVERY_COLUMNS, DIRECTION, EVENT_COLUMNS } from '../rows.ts'
import type { Row, Statement, Steps } from '../statement.ts'
import type { Tables } from '../tables.ts'
import { readNumber, readNumberOrUndefined, readTextOrUndefined } from '../values.ts'

/**
 * One claim. Lanes that have something to do are found by jumping through the index from lane to lane, from where the
 * last claim ended: what it costs depends on the number of lanes, not on how much waits in them. Each gives its share of
 * rows, and the first ones what is left over, after whom the next claim begins. Rows that another claim is just taking
 * are passed over. Ordered ones that may not go are not taken but count, so that it costs no more however many there
 * are; their lanes are told.
 *
 * Parameters: direction, last lane, now, limit, rows per lane, lanes to skip, token, lease, lanes with limits, limits,
 * and for a choice of lanes those.
 */
export function claimText({ deliveries, lanes, events }: Tables, chosenLanes: boolean): string {
  const runnable = '(f.due_at_ms <= $3::bigint and f.lane_no <> all($6::int[]))::int'
  const jump = (from: string, where: string, wrapped: string): string =>
    `(select lane_no, due_at_ms, ${wrapped} as wrapped from ${deliveries}
      where direction = $1::smallint and state = 0 and ${from} and ${where} order by lane_no, due_at_ms limit 1)`
  const walk = `walk(lane_no, wrapped, runnable, found) as (
  (select f.lane_no, f.wrapped, ${runnable}, ${runnable} from (
    ${jump('lane_no > $2::int', 'true', '0')} union all ${jump('lane_no <= $2::int', 'true', '1')} limit 1) f)
  union all
  select f.lane_no, f.wrapped, ${runnable}, w.found + ${runnable} from walk w cross join lateral (
    ${jump('lane_no > w.lane_no', '(w.wrapped = 0 or lane_no <= $2::int)', 'w.wrapped')}
    union all ${jump('lane_no <= $2::int', 'w.wrapped = 0', '1')} limit 1) f
  where w.found < $4::int),
chosen as (select lane_no, row_number() over () as turn from walk where runnable = 1)`
  const given = `chosen as (select lane_no, row_number() over (order by lane_no <= $2::int, lane_no) as turn
  from unnest($11::int[]) as given(lane_no) where lane_no <> all($6::int[]))`
  return `with recursive ${chosenLanes ? given : walk},
share as (select lanes, greatest(1, $4::int / lanes) as rows, $4::int % lanes as more from
  (select greatest(1, count(*))::int as lanes from chosen) n),
expired as (update ${deliveries} d set state = 0, crashes = coalesce(d.crashes, 0) + 1, token = null, lease_until_ms = null
  from (select event_no, ordinal from ${deliveries} where state = 1 and lease_until_ms <= $3::bigint
    order by lease_until_ms limit 1000 for update skip locked) x
  where d.event_no = x.event_no and d.ordinal = x.ordinal returning 1),
own as (select c.lane_no, least(coalesce(o.rows, $5::int), case when s.lanes > $4::int then 1
    when c.turn <= s.more then s.rows + 1 else s.rows end) as rows
  from chosen c cross join share s left join unnest($9::int[], $10::int[]) as o(lane_no, rows) on o.lane_no = c.lane_no
  order by c.turn),
picked as (select c.lane_no, p.event_no, p.ordinal, p.blocked from own c
  cross join lateral (select event_no, ordinal, ${isBlocked(deliveries)} as blocked from ${deliveries} d
    where direction = $1::smallint and state = 0 and lane_no = c.lane_no and due_at_ms <= $3::bigint
    order by due_at_ms limit c.rows for update skip locked) p
  limit $4::int),
taken as (update ${deliveries} d set state = 1, token = $7::text, lease_until_ms = $8::bigint
  from picked p where not p.blocked and d.event_no = p.event_no and d.ordinal = p.ordinal returning d.*)
select (select count(*) from expired) as expired, (select rows from share) as share,
  (select string_agg(distinct lane_no::text, ' ') from picked where blocked) as blocked_lanes,
  (select lane_no from chosen, share where turn = coalesce(nullif(more, 0), lanes)) as last_lane,
  c.turn, ${DELIVERY_COLUMNS}, ${EVENT_COLUMNS}, e.data
from (select 1) one left join (taken d join chosen c on c.lane_no = d.lane_no join ${lanes} l on l.no = d.lane_no
  join ${events} e on e.no = d.event_no) on true`
}

/**
 * Whether an ordered delivery `d` that waits may not go. Only one of a group may wait or be under way, and none that is
 * older may be behind it; until that is so, turns have to be given. What was published in a transaction of the host, and
 * what a worker died with, waits without having been given a turn.
 */
function isBlocked(deliveries: string): string {
  const another = (which: string): string => `exists (select 1 from ${deliveries} o
      where o.lane_no = d.lane_no and o.order_key = d.order_key and ${which})`
  const [place, own] = ['(o.event_no, o.ordinal)', '(d.event_no, d.ordinal)']
  return `(order_key is not null and (${another('o.state = 1')}
    or ${another(`o.state = 0 and ${place} <> ${own}`)} or ${another(`o.state = 2 and ${place} < ${own}`)}))`
}

/** The groups that have something in some lanes which is due and may not go. Parameters: lanes, direction, now. */
export function blockedText({ deliveries }: Tables): string {
  return `select distinct b.lane_no, b.order_key from unnest($1::int[]) as l(lane_no)
  cross join lateral (select lane_no, order_key, ${isBlocked(deliveries)} as blocked from ${deliveries} d
    where direction = $2::smallint and state = 0 and lane_no = l.lane_no and due_at_ms <= $3::bigint
    order by due_at_ms limit 1000) b
  where b.blocked`
}

/**
 * Claims in rounds: a second one when leases ran out, or when some lanes had less than their share. Ends early when
 * turns have to be given in some lanes.
 */
export function* claim(
  texts: { readonly all: string; readonly some: string },
  lanes: Lanes,
  cursors: Cursors,
  request: ClaimRequest,
): Steps<{ readonly rows: Row[]; readonly blockedLanes: readonly number[] }> {
  const direction = DIRECTION[request.direction]
  const skipped = yield* lanes.named(direction, request.skipLanes ?? [])
  const own = new Map<number, number>()
  for (const [name, limit] of request.laneLimits ?? []) {
    for (const lane of yield* lanes.named(direction, [name])) own.set(lane, limit)
  }
  const wanted = request.lanes && (yield* lanes.named(direction, request.lanes))
  const claimed: Row[] = []
  for (let rest: readonly number[] | undefined; claimed.length < request.limit; ) {
    const only = rest ?? wanted
    const rows = yield {
      text: only === undefined ? texts.all : texts.some,
      values: [
        ...[direction, cursors.of(request), request.nowMs, request.limit - claimed.length, request.perLane],
        ...[skipped, request.token, request.leaseUntilMs, [...own.keys()], [...own.values()]],
        ...(only === undefined ? [] : [only]),
      ],
      planAnew: true,
    }
    const [first] = rows
    if (first === undefined) break
    const taken = rows.filter(row => readNumberOrUndefined(row, 'event_no') !== undefined)
    claimed.push(...interleave(taken, row => readNumber(row, 'turn')))
    const counts = new Map<number, number>()
    for (const row of taken) {
      const lane = readNumber(row, 'lane_no')
      counts.set(lane, (counts.get(lane) ?? 0) + 1)
      lanes.learn(laneKeyOf(row), lane)
    }
    for (const [lane, count] of counts) own.set(lane, (own.get(lane) ?? request.perLane) - count)
    if (rest === undefined) cursors.set(request, readNumberOrUndefined(first, 'last_lane') ?? cursors.of(request))
    const blocked = readTextOrUndefined(first, 'blocked_lanes')
    if (blocked !== undefined) return { rows: claimed, blockedLanes: blocked.split(' ').map(Number) }
    if (rest === undefined && readNumber(first, 'expired') > 0) continue
    // Lanes that gave their whole share may have more: they take what others left.
    const share = readNumber(first, 'share')
    rest = [...counts].flatMap(([lane, count]) => (count >= share && (own.get(lane) ?? 0) > 0 ? [lane] : []))
    if (rest.length === 0) break
  }
  return { rows: claimed, blockedLanes: [] }
}

/** When something falls due: the first of each lane, or a lease. */
export function nextDueText({ deliveries }: Tables): string {
  const wanted = 'lane_no <> all($2::int[]) and ($3::int[] is null or lane_no = any($3::int[]))'
  const first = (after: string): string => `(select lane_no, due_at_ms from ${deliveries}
  where direction = $1::smallint and state = 0 and ${after} order by lane_no, due_at_ms limit 1)`
  return `with recursive walk(lane_no, due_at_ms) as (${first('true')}
union all select f.lane_no, f.due_at_ms from walk w cross join lateral ${first('lane_no > w.lane_no')} f)
select least((select min(due_at_ms) from walk where ${wanted}),
  (select min(lease_until_ms) from ${deliveries} where state = 1 and direction = $1::smallint)) as due_at_ms`
}

/** Asks for it. */
export function* nextDue(text: string, lanes: Lanes, choice: LaneChoice): Steps<number | undefined> {
  const direction = DIRECTION[choice.direction]
  const skipped = yield* lanes.named(direction, choice.skipLanes ?? [])
  const only = choice.lanes === undefined ? null : yield* lanes.named(direction, choice.lanes)
  const statement: Statement = { text, values: [direction, skipped, only], planAnew: true }
  const [row] = yield statement
  return row && readNumberOrUndefined(row, 'due_at_ms')
}

function laneKeyOf(row: Row) {
  return { direction: readNumber(row, 'direction'), name: String(row.lane), endpointId: String(row.endpoint_id) }
}
