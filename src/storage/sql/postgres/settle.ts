import { parseDeliveryId } from '../../../model/delivery.ts'
import type { Settlement } from '../../store.ts'
import { groupsOf, type OrderGroup, type Settled } from '../queue.ts'
import { ATTEMPT_COLUMNS, STATE, writeAttempt } from '../rows.ts'
import { type SqlValue, type Statement, type Steps, storable } from '../statement.ts'
import type { Tables } from '../tables.ts'
import { hexOrNull, indexable, readNumber, textOrNull, wholeMs } from '../values.ts'
import { arrays, names, transpose } from './columns.ts'

const ROW = [
  ['place', 'integer'],
  ['event_id', 'text'],
  ['ordinal', 'integer'],
  ['token', 'text'],
  ['state', 'smallint'],
  ['due_at_ms', 'bigint'],
  ['tries_used', 'integer'],
  ['finished_at_ms', 'bigint'],
  ['tried', 'integer'],
  ['tells_error', 'integer'],
  ['last_error', 'text'],
  ['cause', 'text'],
  ['external_id', 'text'],
  ['content_type', 'text'],
  ['body', 'text'],
] as const

/** What stands in a delivery after it was settled: from the row `r` that is handed in and the delivery `d` as it was. */
const NEW_STATE = [
  ['due_at_ms', 'coalesce(r.due_at_ms, d.due_at_ms)'],
  ['state', 'r.state'],
  ['attempts', 'case when r.tried = 1 then coalesce(d.attempts, 0) + 1 else d.attempts end'],
  ['tries_used', 'coalesce(r.tries_used, d.tries_used)'],
  ['finished_at_ms', 'r.finished_at_ms'],
  ['last_error', 'case when r.tells_error = 1 then r.last_error else d.last_error end'],
  ['cause', 'case when r.tells_error = 1 then r.cause else d.cause end'],
  ['external_id', 'coalesce(r.external_id, d.external_id)'],
  ['content_type', 'case when d.body is null then r.content_type else d.content_type end'],
  ['body', "coalesce(d.body, decode(r.body, 'hex'))"],
  ['lease_until_ms', 'null::bigint'],
  ['token', 'null::text'],
] as const

/**
 * Writes new states and attempts in one statement. Deliveries are found and locked one by one by their key; then an
 * insert that always meets a conflict replaces them. An `update` with a join would say the same, but the planner would
 * choose by what the tables were when a connection was new, and may read all that is under way for each row.
 */
export function settleText(tables: Tables, withAttempts: boolean): string {
  const attempts = `a as (insert into ${tables.attempts} (${names(ATTEMPT_COLUMNS)})
  select * from unnest(${arrays(ATTEMPT_COLUMNS, ROW.length + 1)}) on conflict (id) do nothing),
`
  const columns = names(NEW_STATE.map(([name]) => [name, '']))
  return `with ${withAttempts ? attempts : ''}held as materialized (
  select r.place, d.event_no, d.ordinal, d.lane_no, d.direction, d.order_key,
    ${NEW_STATE.map(([name, value]) => `${value} as ${name}`).join(', ')}
  from unnest(${arrays(ROW, 1)}) as r(${names(ROW)})
  cross join lateral (select no from ${tables.events} where id = r.event_id offset 0) e
  cross join lateral (select * from ${tables.deliveries}
    where event_no = e.no and ordinal = r.ordinal and state + 0 = 1 and token = r.token for update) d),
settled as (insert into ${tables.deliveries} (event_no, ordinal, lane_no, direction, ${columns})
  select event_no, ordinal, lane_no, direction, ${columns} from held
  on conflict (event_no, ordinal) do update set ${NEW_STATE.map(([name]) => `${name} = excluded.${name}`).join(', ')})
select place, lane_no, order_key from held`
}

/** Ends attempts. */
export function* settle(
  texts: { readonly plain: string; readonly withAttempts: string },
  settlements: readonly Settlement[],
): Steps<Settled> {
  const rows = new Map<string, readonly SqlValue[]>()
  settlements.forEach((settlement, place) => {
    const id = `${settlement.deliveryId} ${settlement.token}`
    // The first one counts, as if they came one after the other.
    const row = rows.has(id) ? undefined : writeSettlement(settlement, place)
    if (row !== undefined) rows.set(id, row)
  })
  const attempts = settlements.flatMap(({ attempt }) => (attempt === undefined ? [] : [writeAttempt(attempt)]))
  const values: Array<SqlValue | SqlValue[]> = transpose([...rows.values()], ROW.length)
  if (attempts.length > 0) values.push(...transpose(attempts, ATTEMPT_COLUMNS.length))
  const statement: Statement = { text: attempts.length > 0 ? texts.withAttempts : texts.plain, values, planAnew: true }
  const changed = yield statement
  const places = new Set(changed.map(row => readNumber(row, 'place')))
  return { changed: settlements.map((_, place) => places.has(place)), groups: groupsOf(changed) }
}

/** The values of a settlement's row; `undefined` for an id that no delivery can have. */
function writeSettlement(settlement: Settlement, place: number): readonly SqlValue[] | undefined {
  const { next, attempt, lastError, cause, externalId } = settlement
  const id = parseDeliveryId(settlement.deliveryId)
  if (id === undefined) return undefined
  const waits = next.status === 'pending' || next.status === 'returned'
  const body = next.status === 'returned' ? undefined : next.body
  return [
    place,
    storable(id.eventId),
    id.ordinal,
    storable(settlement.token),
    waits ? STATE.waiting : STATE[next.status],
    waits ? wholeMs(next.dueAtMs) : null,
    next.status === 'pending' ? next.triesUsed : null,
    waits ? null : wholeMs(next.atMs),
    attempt === undefined ? 0 : 1,
    lastError !== undefined || next.status === 'succeeded' ? 1 : 0,
    textOrNull(lastError),
    cause === undefined ? null : indexable(cause),
    textOrNull(externalId),
    textOrNull(body?.contentType),
    hexOrNull(body?.bytes),
  ]
}

/** Gives the turn of each group to its oldest delivery, unless one of them is under way. */
export function* giveTurns({ deliveries }: Tables, groups: readonly OrderGroup[]): Steps<void> {
  if (groups.length === 0) return
  const values = [groups.map(({ lane_no }) => lane_no), groups.map(({ order_key }) => order_key)]
  // One after the other for each group: what two writers decide at once without seeing each other would be wrong.
  yield {
    text: `select pg_advisory_xact_lock(72619, lock)::text from (select distinct hashtext(lane_no || ' ' || order_key) as lock
from unnest($1::int[], $2::text[]) as g(lane_no, order_key) order by 1) locks`,
    values,
  }
  const oldest = (state: number): string => `(select event_no, ordinal from ${deliveries} where lane_no = g.lane_no
  and order_key = g.order_key and state = ${state} order by event_no, ordinal limit 1)`
  yield {
    text: `with g as materialized (select * from unnest($1::int[], $2::text[]) as g(lane_no, order_key)),
h as materialized (select g.lane_no, g.order_key, f.event_no, f.ordinal from g left join lateral (
  select event_no, ordinal from (${oldest(0)} union all ${oldest(2)}) o
  where not exists (select 1 from ${deliveries} c
    where c.lane_no = g.lane_no and c.order_key = g.order_key and c.state = 1)
  order by event_no, ordinal limit 1) f on true),
waits as (update ${deliveries} d set state = 2 from h where d.lane_no = h.lane_no and d.order_key = h.order_key
  and d.state = 0 and (d.event_no, d.ordinal) is distinct from (h.event_no, h.ordinal))
update ${deliveries} d set state = 0 from h
where d.event_no = h.event_no and d.ordinal = h.ordinal and d.state = 2`,
    values,
  }
}
