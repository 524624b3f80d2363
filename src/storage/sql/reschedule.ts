import type { Database } from './database.ts'
import { list, raw, type Sql, type Steps, sql } from './statement.ts'
import { readNumber, readText, wholeMs } from './values.ts'

/** Rows in one transaction: so nobody else waits for long. */
const MAX_ROWS = 1_000

/** Deliveries of one lane, and where they are to be moved. */
interface Move {
  readonly database: Database
  readonly lane: number
  readonly direction: number
  readonly dueAtMs: number
  /** Which ones it looks at. None that comes after it has begun: it would never end while others write. */
  readonly known: Sql
  /** Which of these it changes. */
  readonly moves: Sql
}

/** Moves the due times of an endpoint's deliveries that wait, some in each transaction. */
export async function reschedule(
  database: Database,
  endpointId: string,
  dueAtMs: number,
  direction: 'later' | 'sooner',
): Promise<void> {
  const due = wholeMs(dueAtMs)
  const { lanes, events } = database.tables
  const [newest = {}] = await database.read(sql`select max(no) as no from ${raw(events)}`)
  // As a sum, so that databases do not go by the number, through all that the endpoint ever had.
  const known = sql`event_no + 0 <= ${readNumber(newest, 'no')}`
  const moves = direction === 'later' ? sql`due_at_ms < ${due}` : sql`due_at_ms > ${due}`
  const own = await database.read(sql`select no, direction from ${raw(lanes)} where endpoint_id = ${endpointId}`)
  for (const row of own) {
    const place = { lane: readNumber(row, 'no'), direction: readNumber(row, 'direction') }
    const move = { database, ...place, dueAtMs: due, known, moves }
    // Meanwhile one that waits behind another may get its turn: it is found in any case.
    await moveBlocked(move)
    await moveWaiting(move)
  }
}

/** Those whose turn has not come, in the order of their index: what is between two places is looked at once. */
async function moveBlocked({ database, lane, dueAtMs, known, moves }: Move): Promise<void> {
  const deliveries = raw(database.tables.deliveries)
  // The second condition on the state names the index, for SQLite.
  const blocked = sql`lane_no = ${lane} and order_key is not null and state = 2 and state < 3 and ${known}`
  const place = raw('(order_key, state, event_no, ordinal)')
  for (let after = raw('true'); ; ) {
    const [last] = await database.read(sql`select order_key, event_no, ordinal from ${deliveries}
      where ${blocked} and ${after} order by order_key, state, event_no, ordinal limit 1 offset ${MAX_ROWS - 1}`)
    const end =
      last && list([readText(last, 'order_key'), 2, readNumber(last, 'event_no'), readNumber(last, 'ordinal')])
    const upTo = end === undefined ? raw('true') : sql`${place} <= ${end}`
    await database.write(function* (): Steps<void> {
      yield sql`update ${deliveries} set due_at_ms = ${dueAtMs} where ${blocked} and ${moves} and ${after} and ${upTo}`
    })
    if (end === undefined) return
    after = sql`${place} > ${end}`
  }
}

/** Those that may go: what was moved is not found again. */
async function moveWaiting({ database, lane, direction, dueAtMs, known, moves }: Move): Promise<void> {
  const deliveries = raw(database.tables.deliveries)
  for (let count = 1; count > 0; ) {
    count = await database.write(function* (): Steps<number> {
      const rows = yield sql`update ${deliveries} set due_at_ms = ${dueAtMs} where state = 0 and ${moves}
        and (event_no, ordinal) in (select event_no, ordinal from ${deliveries}
          where direction = ${direction} and lane_no = ${lane} and state = 0 and ${known} and ${moves}
          order by due_at_ms limit ${MAX_ROWS}) returning 1`
      return rows.length
    })
  }
}
