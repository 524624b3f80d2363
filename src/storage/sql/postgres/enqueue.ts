import type { EnqueueResult, NewEvent } from '../../store.ts'
import { NEW_DELIVERY_COLUMNS, NEW_EVENT_COLUMNS, scopeOf, writeDelivery, writeEvent } from '../events.ts'
import { idOf, type Lanes, laneOf } from '../lanes.ts'
import { raw, type SqlValue, type Statement, type Steps, sql, storable } from '../statement.ts'
import type { Tables } from '../tables.ts'
import { indexable, readText } from '../values.ts'
import { arrays, names, transpose } from './columns.ts'
import { writeLanes } from './notification.ts'

const EVENT_ROW = [['place', 'integer'], ['scope', 'text'], ['key', 'text'], ...NEW_EVENT_COLUMNS] as const
const DELIVERY_ROW = [['place', 'integer'], ...NEW_DELIVERY_COLUMNS] as const

/** Stores many events with their deliveries in one statement: one round trip, all or nothing. */
export function enqueueStatement(tables: Tables, channel: string | undefined, hurry: string) {
  const deliveries = EVENT_ROW.length + 1
  const wake = deliveries + DELIVERY_ROW.length
  const event = names(NEW_EVENT_COLUMNS)
  const delivery = names(NEW_DELIVERY_COLUMNS)
  // An event whose key was there already is not stored; keys in order, so that two writers cannot wait for each other.
  const textFrom = (before: string): string => `with r as materialized (select r.* from ${before}
    unnest(${arrays(EVENT_ROW, 1)}) as r(${names(EVENT_ROW)})),
k as (insert into ${tables.idempotency} (created_at_ms, scope, key, event_id)
  select created_at_ms, scope, key, id from r where key is not null order by scope, key
  on conflict (scope, key) do nothing returning event_id),
e as (insert into ${tables.events} (${event})
  select ${event} from r where key is null or id in (select event_id from k) order by place
  on conflict (id) do nothing returning no, id),
d as (insert into ${tables.deliveries} (event_no, ${delivery})
  select e.no, ${names(NEW_DELIVERY_COLUMNS, 'x.')}
  from unnest(${arrays(DELIVERY_ROW, deliveries)}) as x(${names(DELIVERY_ROW)})
  join r on r.place = x.place join e on e.id = r.id)
select id${channel === undefined ? '' : `, case when $${wake}::text is not null then pg_notify('${channel}', $${wake}::text)::text end`} from e`
  const [text, ownText] = [textFrom(''), textFrom(`${hurry} cross join`)]
  return (events: readonly NewEvent[], lanes: ReadonlyMap<string, number>, nowMs: number, own: boolean): Statement => {
    const rows = events.map((given, place) => [place, ...keyOf(given), ...writeEvent(given, nowMs)])
    const parts = events.flatMap((given, place) =>
      given.deliveries.map((one, ordinal) => [
        place,
        ...writeDelivery(given, one, ordinal, lanes.get(idOf(laneOf(one))) ?? 0, own),
      ]),
    )
    const values: Array<SqlValue | SqlValue[]> = [
      ...transpose(rows, EVENT_ROW.length),
      ...transpose(parts, DELIVERY_ROW.length),
    ]
    // Nobody needs to be woken for what this process delivers itself.
    const open = events.flatMap(one => one.deliveries.filter(({ claim, ordered }) => claim === undefined || ordered))
    if (channel !== undefined) values.push(open.length === 0 ? null : writeLanes(open))
    return { text: own ? ownText : text, values }
  }
}

/** Stores events, and finds those that were there already. No two of them may have the same id or key. */
export function* enqueue(
  tables: Tables,
  lanes: Lanes,
  statement: ReturnType<typeof enqueueStatement>,
  events: readonly NewEvent[],
  nowMs: number,
  own: boolean,
): Steps<EnqueueResult[]> {
  const numbers = yield* lanes.resolve(
    events.flatMap(({ deliveries }) => deliveries.map(laneOf)),
    own,
  )
  const rows = yield statement(events, numbers, nowMs, own)
  const stored = new Set(rows.map(row => readText(row, 'id')))
  const results: EnqueueResult[] = []
  for (const given of events) {
    if (stored.has(storable(given.event.id))) results.push({ stored: true })
    else results.push({ stored: false, existingEventId: yield* findExisting(tables, given) })
  }
  return results
}

/** The event that has the key of one that was not stored, or its id. */
export function* findExisting(tables: Tables, { event, idempotencyKey }: NewEvent): Steps<string> {
  if (idempotencyKey === undefined) return event.id
  const [row] = yield sql`select event_id from ${raw(tables.idempotency)}
    where scope = ${scopeOf(event.tenant)} and key = ${indexable(idempotencyKey)}`
  return row === undefined ? event.id : readText(row, 'event_id')
}

/** Events in rounds, so that none of a round has the id or the key of another. */
export function inRounds(events: readonly NewEvent[]): NewEvent[][] {
  const rounds: Array<{ readonly events: NewEvent[]; readonly taken: Set<string> }> = []
  for (const given of events) {
    const [scope, key] = keyOf(given)
    const marks = [`id ${given.event.id}`, ...(key === null ? [] : [`key ${scope} ${key}`])]
    let round = rounds.find(({ taken }) => !marks.some(mark => taken.has(mark)))
    if (round === undefined) {
      round = { events: [], taken: new Set() }
      rounds.push(round)
    }
    round.events.push(given)
    for (const mark of marks) round.taken.add(mark)
  }
  return rounds.map(round => round.events)
}

function keyOf({ event, idempotencyKey }: NewEvent): readonly [scope: string | null, key: string | null] {
  return idempotencyKey === undefined ? [null, null] : [scopeOf(event.tenant), indexable(idempotencyKey)]
}
