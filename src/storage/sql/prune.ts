import { WebhookError } from '../../errors.ts'
import type { Database } from './database.ts'
import { raw, type Sql, type Steps, sql } from './statement.ts'

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

/** @throws {WebhookError} `invalid_option` for an age that is not a number from 0. */
export async function prune(database: Database, options: PruneOptions, nowMs: number): Promise<Pruned> {
  const { events, deliveries, attempts, idempotency, dedupe } = database.tables
  const before = (name: keyof PruneOptions): number | undefined => {
    const seconds = options[name]
    if (seconds === undefined) return undefined
    if (Number.isFinite(seconds) && seconds >= 0) return Math.floor(nowMs - seconds * 1000)
    throw new WebhookError('invalid_option', `${name} must be a number of seconds from 0`, { argument: name })
  }
  const repeat = async (age: number | undefined, steps: (age: number) => Steps<number>): Promise<number> => {
    if (age === undefined) return 0
    for (let total = 0; ; ) {
      const count = await database.transaction(() => steps(age))
      total += count
      if (count < MAX_ROWS) return total
    }
  }
  const remove = (table: string, columns: string, condition: (age: number) => Sql) =>
    function* (age: number): Steps<number> {
      const rows = yield sql`delete from ${raw(table)} where (${raw(columns)}) in
        (select ${raw(columns)} from ${raw(table)} where ${condition(age)} limit ${MAX_ROWS}) returning 1`
      return rows.length
    }
  const ended = (age: number): Sql => sql`e.created_at_ms < ${age} and not exists
    (select 1 from ${raw(deliveries)} d where d.event_no = e.no and d.state < 3)`
  const chosen = function* (age: number, and: Sql): Steps<number[]> {
    const rows = yield sql`select e.no from ${raw(events)} e where ${ended(age)} ${and} order by e.no limit ${MAX_ROWS}`
    return rows.map(row => Number(row.no))
  }
  return {
    events: await repeat(before('eventsOlderThanSeconds'), function* (age) {
      const numbers = yield* chosen(age, raw(''))
      for (const no of numbers) {
        // Looked at again: somebody may have retried one meanwhile.
        const rows = yield sql`delete from ${raw(events)} as e where e.no = ${no} and ${ended(age)} returning 1`
        if (rows.length > 0) yield sql`delete from ${raw(deliveries)} where event_no = ${no}`
      }
      return numbers.length
    }),
    payloads: await repeat(before('payloadsOlderThanSeconds'), function* (age) {
      const numbers = yield* chosen(age, sql`and e.data is not null`)
      for (const no of numbers) {
        yield sql`update ${raw(events)} set data = null where no = ${no}`
        yield sql`update ${raw(deliveries)} set body = null, content_type = null
          where event_no = ${no} and body is not null`
      }
      return numbers.length
    }),
    attempts: await repeat(
      before('attemptsOlderThanSeconds'),
      remove(attempts, 'id', age => sql`started_at_ms < ${age}`),
    ),
    idempotencyKeys: await repeat(
      before('idempotencyKeysOlderThanSeconds'),
      remove(idempotency, 'scope, key', age => sql`created_at_ms < ${age}`),
    ),
    dedupeEntries: await repeat(
      nowMs,
      remove(dedupe, 'key', age => sql`until_ms <= ${age}`),
    ),
  }
}
