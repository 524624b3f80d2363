import { parseDeliveryId } from '../../../model/delivery.ts'
import type { Settlement } from '../../store.ts'
import { groupsOf, type OrderGroup, type Settled } from '../queue.ts'
import { ATTEMPT_COLUMNS, STATE, writeAttempt } from '../rows.ts'
import { type Row, type SqlValue, type Statement, type Steps, storable } from '../statement.ts'
import type { Tables } from '../tables.ts'
import { hexOrNull, indexable, readNumber, textOrNull, wholeMs } from '../values.ts'

/** How a delivery is changed. Most have no order, and then a count is enough. */
interface Update {
  readonly unordered: Statement
  readonly any: Statement
}

/** Ends attempts one by one: SQLite is in this process, where a statement costs next to nothing. */
export function sqliteSettle(tables: Tables) {
  const insertAttempt = `insert into ${tables.attempts} (${ATTEMPT_COLUMNS.map(([name]) => name).join(', ')})
    values (${ATTEMPT_COLUMNS.map(() => '?').join(', ')}) on conflict (id) do nothing`
  const update = (set: string): ((values: readonly SqlValue[]) => Update) => {
    const text = `update ${tables.deliveries} set token = null, lease_until_ms = null,
    attempts = case when ? = 1 then coalesce(attempts, 0) + 1 else attempts end,
    last_error = case when ? = 1 then ? else last_error end,
    cause = case when ? = 1 then ? else cause end, external_id = coalesce(?, external_id), ${set}
    where event_no = (select no from ${tables.events} where id = ?) and ordinal = ? and state = 1 and token = ?`
    const unordered = `${text} and order_key is null`
    const any = `${text} returning lane_no, order_key`
    return values => ({ unordered: { text: unordered, values, counts: true }, any: { text: any, values } })
  }
  const keepBody = `content_type = case when body is null then ? else content_type end, body = coalesce(body, unhex(?))`
  const again = update('state = 0, due_at_ms = ?')
  const later = update(`state = 0, due_at_ms = ?, tries_used = ?, ${keepBody}`)
  const done = update(`state = ?, finished_at_ms = ?, ${keepBody}`)

  return function* settle(settlements: readonly Settlement[]): Steps<Settled> {
    const changed: boolean[] = []
    const ended: Row[] = []
    for (const settlement of settlements) {
      if (settlement.attempt !== undefined) yield { text: insertAttempt, values: writeAttempt(settlement.attempt) }
      const update = write(settlement)
      const [counted = {}] = update === undefined ? [] : yield update.unordered
      const isDone = readNumber(counted, 'changes') > 0
      const rows = update === undefined || isDone ? [] : yield update.any
      changed.push(isDone || rows.length > 0)
      ended.push(...rows)
    }
    return { changed, groups: groupsOf(ended) }
  }

  function write({ deliveryId, token, attempt, next, lastError, cause, externalId }: Settlement): Update | undefined {
    const id = parseDeliveryId(deliveryId)
    if (id === undefined) return undefined
    const tellsError = lastError !== undefined || next.status === 'succeeded' ? 1 : 0
    const before: SqlValue[] = [attempt === undefined ? 0 : 1, tellsError, textOrNull(lastError)]
    before.push(tellsError, cause === undefined ? null : indexable(cause), textOrNull(externalId))
    const after: SqlValue[] = [storable(id.eventId), id.ordinal, storable(token)]
    if (next.status === 'returned') return again([...before, wholeMs(next.dueAtMs), ...after])
    const body = [textOrNull(next.body?.contentType), hexOrNull(next.body?.bytes)]
    if (next.status === 'pending') {
      return later([...before, wholeMs(next.dueAtMs), next.triesUsed, ...body, ...after])
    }
    return done([...before, STATE[next.status], wholeMs(next.atMs), ...body, ...after])
  }
}

/** Gives the turn of each group to its oldest delivery, unless one of them is under way. */
export function* giveTurns({ deliveries }: Tables, groups: readonly OrderGroup[]): Steps<void> {
  // The second condition on the state names the index: else all that the lane ever had is read.
  const first = (state: number): string => `select event_no, ordinal from ${deliveries}
    where lane_no = ? and order_key = ? and state = ${state} and state < 3 order by event_no, ordinal limit 2`
  const move = `update ${deliveries} set state = ? where event_no = ? and ordinal = ?`
  for (const { lane_no, order_key } of groups) {
    const values = [lane_no, order_key]
    const [claimed] = yield { text: first(STATE.claimed), values }
    const ready = yield { text: first(STATE.waiting), values }
    const [blocked] = yield { text: first(STATE.blocked), values }
    const oldest = claimed === undefined ? firstOf([...ready, ...(blocked === undefined ? [] : [blocked])]) : undefined
    for (const row of ready) if (row !== oldest) yield { text: move, values: [STATE.blocked, ...placeOf(row)] }
    if (oldest !== undefined && oldest === blocked) yield { text: move, values: [STATE.waiting, ...placeOf(oldest)] }
  }
}

function firstOf(rows: readonly Row[]): Row | undefined {
  return rows.reduce<Row | undefined>(
    (first, row) => (first === undefined || precedes(row, first) ? row : first),
    undefined,
  )
}

function precedes(row: Row, other: Row): boolean {
  const [event, ordinal] = placeOf(row)
  const [otherEvent, otherOrdinal] = placeOf(other)
  return event < otherEvent || (event === otherEvent && ordinal < otherOrdinal)
}

function placeOf(row: Row): readonly [number, number] {
  return [Number(row.event_no), Number(row.ordinal)]
}
