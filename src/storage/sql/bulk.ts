import { parseDeliveryId } from '../../model/delivery.ts'
import type { DeliveryFilter, PageRequest } from '../store.ts'
import type { Database } from './database.ts'
import { filterDeliveries, ofStatus } from './delivery-filter.ts'
import { groupsOf, type QueueStatements } from './queue.ts'
import { STATE } from './rows.ts'
import { raw, type Sql, type Steps, sql } from './statement.ts'
import { readNumber, wholeMs } from './values.ts'

/** Rows in one transaction, or a few more: so nobody else waits for long, and none takes longer than it may. */
const MAX_ROWS = 1_000

/** A delivery that is pending has not ended: none is changed. */
const STATE_OF = { ...STATE, pending: -1 } as const

/** What changing many deliveries needs. */
export interface Bulk {
  readonly database: Database
  /** Deliveries `d` with their lanes and events. */
  readonly from: Sql
  readonly queue: QueueStatements
}

/** A change of deliveries that ended. */
interface Change {
  /** Which ones, as a condition on `d`, `l` and `e`. */
  readonly matching: Sql
  /** Asked again of the row itself: somebody else may have changed it meanwhile. */
  readonly still: Sql
  readonly set: Sql
  /** What is done with the rows that match, so that they go on to match. */
  readonly lock: Sql
}

/** Makes finished deliveries due again. */
export async function reopen(
  bulk: Bulk,
  filter: DeliveryFilter & { readonly ids?: readonly string[] },
  dueAtMs: number,
): Promise<number> {
  const { ids, status, cursor: _cursor, ...rest } = filter
  const all = ids !== undefined || status === 'succeeded'
  const finished = all ? sql`d.state >= 3` : sql`d.state in (4, 5)`
  const change: Change = {
    matching: sql`${finished} and ${ofStatus(status)} and ${filterDeliveries(rest)} and e.data is not null`,
    still: status === undefined ? raw(all ? 'state >= 3' : 'state in (4, 5)') : raw(`state = ${STATE_OF[status]}`),
    // The next in turn is decided afterwards: until then an ordered one waits.
    set: sql`state = case when order_key is null then 0 else 2 end, due_at_ms = ${wholeMs(dueAtMs)},
      tries_used = null, attempts_before = attempts, crashes = null, finished_at_ms = null`,
    // Of an event that is being pruned there is nothing to send. Where writers take turns, none is pruned meanwhile.
    lock: raw(bulk.database.dialect === 'postgres' ? 'for share of e' : ''),
  }
  if (ids === undefined) return changeAll(bulk, change)
  return bulk.database.transaction(function* (): Steps<number> {
    let count = 0
    for (const place of ids.flatMap(id => parseDeliveryId(id) ?? [])) {
      count += yield* changeSome(bulk, change, sql`e.id = ${place.eventId} and d.ordinal = ${place.ordinal}`)
    }
    return count
  })
}

/** Makes failed deliveries cancelled ones. */
export function discard(
  bulk: Bulk,
  filter: Omit<DeliveryFilter, 'status' | keyof PageRequest>,
  atMs: number,
): Promise<number> {
  return changeAll(bulk, {
    matching: sql`${ofStatus('failed')} and ${filterDeliveries(filter)}`,
    still: sql`state = 4`,
    set: sql`state = ${STATE.cancelled}, finished_at_ms = ${wholeMs(atMs)}`,
    lock: raw(''),
  })
}

/** Oldest first, some events in each transaction; none twice, however it ends meanwhile. */
async function changeAll(bulk: Bulk, change: Change): Promise<number> {
  const { database, from } = bulk
  const { matching } = change
  let total = 0
  for (let done = -1; ; ) {
    // The bounds are given for every table, or databases read those without one from the beginning.
    const [found = {}] = await database.read(sql`select count(*) as total, min(no) as first, max(no) as last
      from (select e.no from ${from} where ${matching} and d.event_no > ${done} and e.no > ${done}
        order by d.event_no limit ${MAX_ROWS}) some_of_them`)
    const count = readNumber(found, 'total')
    if (count === 0) return total
    const [first, last] = [readNumber(found, 'first'), readNumber(found, 'last')]
    const bounds = sql`e.no between ${first} and ${last} and d.event_no between ${first} and ${last}`
    const still = sql`${change.still} and event_no between ${first} and ${last}`
    total += await database.transaction(() => changeSome(bulk, { ...change, still }, bounds))
    if (count < MAX_ROWS) return total
    done = last
  }
}

function* changeSome({ database, from, queue }: Bulk, change: Change, which: Sql): Steps<number> {
  const { matching, still, set, lock } = change
  const rows = yield sql`with chosen as materialized (
      select d.event_no, d.ordinal from ${from} where ${matching} and ${which} ${lock})
    update ${raw(database.tables.deliveries)} set ${set}
    where ${still} and (event_no, ordinal) in (select event_no, ordinal from chosen)
    returning lane_no, order_key`
  yield* queue.giveTurns(groupsOf(rows))
  return rows.length
}
