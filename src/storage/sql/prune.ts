import { WebhookError } from '../../errors.ts'
import type { FieldTable } from '../../model/known-fields.ts'
import { checkOptions } from '../../model/known-fields.ts'
import type { Database } from './database.ts'
import { list, raw, type Sql, type Steps, sql } from './statement.ts'
import { passedMs, readNumber } from './values.ts'

/** What may go, by its age in seconds. What is left out is kept. */
export interface PruneOptions {
  /** Data of events, and rendered bodies, once all deliveries of the event have ended. They cannot be retried then. */
  readonly payloadsOlderThanSeconds?: number
  /** Events with all their deliveries, once these have ended. */
  readonly eventsOlderThanSeconds?: number
  /** Entries of the exchange log. */
  readonly attemptsOlderThanSeconds?: number
  /** Idempotency keys: an event with the same key is stored again afterwards. */
  readonly idempotencyKeysOlderThanSeconds?: number
}

const AGES: FieldTable<PruneOptions> = {
  payloadsOlderThanSeconds: true,
  eventsOlderThanSeconds: true,
  attemptsOlderThanSeconds: true,
  idempotencyKeysOlderThanSeconds: true,
}

/** How many rows were deleted, or emptied. */
export interface Pruned {
  readonly payloads: number
  readonly events: number
  readonly attempts: number
  readonly idempotencyKeys: number
  /** Memories of handled events whose time was over. These always go. */
  readonly dedupeEntries: number
}

/** Rows in one transaction, so that nobody else waits for long. */
const MAX_ROWS = 1_000

/** Something that goes with events that have ended. */
interface EventPart {
  /** Of which events `e` there is any. */
  readonly of: Sql
  /** Takes it from some events, on a condition on each; answers their numbers. */
  readonly take: (condition: Sql) => Sql
  /** Takes what belongs to them. */
  readonly takeRest: (numbers: Sql) => Sql
}

/** @throws {WebhookError} `invalid_option` for an age that is not a number from 0, and for one that is not known. */
export async function prune(database: Database, options: PruneOptions, nowMs: number): Promise<Pruned> {
  checkOptions(options, Object.keys(AGES), 'prune')
  const { attempts, idempotency, dedupe } = database.tables
  const [events, deliveries] = [raw(database.tables.events), raw(database.tables.deliveries)]
  const before = (name: keyof PruneOptions): number | undefined => {
    const seconds = options[name]
    if (seconds === undefined) return undefined
    if (Number.isFinite(seconds) && seconds >= 0) return passedMs(nowMs - seconds * 1000)
    throw new WebhookError('invalid_option', `${name} must be a number of seconds from 0`, { argument: name })
  }
  const [payloadAge, eventAge] = [before('payloadsOlderThanSeconds'), before('eventsOlderThanSeconds')]
  const [attemptAge, keyAge] = [before('attemptsOlderThanSeconds'), before('idempotencyKeysOlderThanSeconds')]
  const whole: EventPart = {
    of: sql`true`,
    take: condition => sql`delete from ${events} as e where ${condition} returning no`,
    takeRest: numbers => sql`delete from ${deliveries} where event_no in ${numbers}`,
  }
  const payload: EventPart = {
    of: sql`e.data is not null`,
    take: condition => sql`update ${events} as e set data = null where ${condition} returning no`,
    takeRest: numbers => sql`update ${deliveries} set body = null, content_type = null
      where event_no in ${numbers} and body is not null`,
  }
  return {
    events: eventAge === undefined ? 0 : await pruneEvents(database, eventAge, whole),
    payloads: payloadAge === undefined ? 0 : await pruneEvents(database, payloadAge, payload),
    attempts: attemptAge === undefined ? 0 : await remove(database, attempts, 'id', sql`started_at_ms < ${attemptAge}`),
    idempotencyKeys:
      keyAge === undefined ? 0 : await remove(database, idempotency, 'scope, key', sql`created_at_ms < ${keyAge}`),
    dedupeEntries: await remove(database, dedupe, 'key', sql`until_ms <= ${passedMs(nowMs)}`),
  }
}

/** Oldest first, some events in each transaction. */
async function pruneEvents(database: Database, ageMs: number, part: EventPart): Promise<number> {
  let total = 0
  for (let done = -1; ; ) {
    const { count, chosen, last } = await database.transaction(() => pruneSome(database, ageMs, part, done))
    total += count
    if (chosen < MAX_ROWS) return total
    done = last
  }
}

function* pruneSome(
  database: Database,
  ageMs: number,
  { of, take, takeRest }: EventPart,
  done: number,
): Steps<{ readonly count: number; readonly chosen: number; readonly last: number }> {
  const [events, deliveries] = [raw(database.tables.events), raw(database.tables.deliveries)]
  // Not as a join, which would be planned by how much waited when that was counted last.
  const ended = sql`e.created_at_ms < ${ageMs} and ${of}
    and (select 1 from ${deliveries} d where d.event_no = e.no and d.state < 3 limit 1) is null`
  // Events that are locked are being retried, or pruned by somebody else.
  const lock = raw(database.dialect === 'postgres' ? 'for update skip locked' : '')
  const chosen = yield sql`select e.no from ${events} e where e.no > ${done} and ${ended}
    order by e.no limit ${MAX_ROWS} ${lock}`
  if (chosen.length === 0) return { count: 0, chosen: 0, last: done }
  const numbers = chosen.map(row => readNumber(row, 'no'))
  // Asked again once they are locked: one of them may have been retried before.
  const taken = yield take(sql`e.no in ${list(numbers)} and ${ended}`)
  if (taken.length > 0) yield takeRest(list(taken.map(row => readNumber(row, 'no'))))
  return { count: taken.length, chosen: chosen.length, last: numbers.at(-1) ?? done }
}

/** Deletes rows of a table, some in each transaction. */
async function remove(database: Database, table: string, key: string, condition: Sql): Promise<number> {
  for (let total = 0; ; ) {
    const count = await database.transaction(function* (): Steps<number> {
      // Asked of the row itself, too: an id that was kept for long enough may be claimed anew meanwhile.
      const rows = yield sql`delete from ${raw(table)} where ${condition} and (${raw(key)}) in
        (select ${raw(key)} from ${raw(table)} where ${condition} limit ${MAX_ROWS}) returning 1`
      return rows.length
    })
    total += count
    if (count < MAX_ROWS) return total
  }
}
