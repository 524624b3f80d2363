import type { Attempt } from '../../model/delivery.ts'
import { pageSize } from '../page-size.ts'
import type { AttemptFilter, AttemptStats, AttemptStore, Page } from '../store.ts'
import type { Database } from './database.ts'
import { readCursor, toPage } from './paging.ts'
import { ATTEMPT_COLUMNS, DIRECTION, readAttempt, writeAttempt } from './rows.ts'
import { join, raw, type Sql, type SqlValue, type Steps, sql } from './statement.ts'
import { readNumber, readNumberOrUndefined, wholeMs } from './values.ts'

const COLUMNS = ATTEMPT_COLUMNS.map(([name]) => name).join(', ')
/** Rows in one statement: databases limit the number of parameters. */
const MAX_ROWS = 500

/** The exchange log. Newest first is by the time at which the exchange began. */
export class SqlAttempts implements AttemptStore {
  readonly #database: Database
  readonly #table: Sql

  constructor(database: Database) {
    this.#database = database
    this.#table = raw(database.tables.attempts)
  }

  async insert(attempts: readonly Attempt[]): Promise<void> {
    if (attempts.length === 0) return
    const table = this.#table
    await this.#database.transaction(function* (): Steps<void> {
      for (let from = 0; from < attempts.length; from += MAX_ROWS) {
        yield insertAttempts(table, attempts.slice(from, from + MAX_ROWS))
      }
    })
  }

  async list(filter: AttemptFilter): Promise<Page<Attempt>> {
    const size = pageSize(filter)
    const rows = await this.#database.read(sql`select no, ${raw(COLUMNS)} from ${this.#table}
      where ${this.#where(filter)} order by started_at_ms desc, no desc limit ${size + 1}`)
    return toPage(rows, size, ['started_at_ms', 'no'], readAttempt)
  }

  async stats(endpointId: string, sinceMs: number): Promise<AttemptStats> {
    const rows = await this.#database.read(sql`select count(*) as total, sum(succeeded) as succeeded,
      avg(duration_ms) as average, max(started_at_ms) as last,
      max(case when place = (total * 50 + 99) / 100 then duration_ms end) as p50,
      max(case when place = (total * 95 + 99) / 100 then duration_ms end) as p95,
      max(case when place = (total * 99 + 99) / 100 then duration_ms end) as p99
      from (select duration_ms, started_at_ms, succeeded, count(*) over () as total,
        row_number() over (order by duration_ms) as place
        from ${this.#table} where endpoint_id = ${endpointId} and started_at_ms >= ${wholeMs(sinceMs)} and is_test = 0) chosen`)
    const row = rows[0] ?? {}
    const [total, succeeded] = [readNumber(row, 'total'), readNumber(row, 'succeeded')]
    return {
      total,
      succeeded,
      failed: total - succeeded,
      averageMs: readNumberOrUndefined(row, 'average'),
      p50Ms: readNumberOrUndefined(row, 'p50'),
      p95Ms: readNumberOrUndefined(row, 'p95'),
      p99Ms: readNumberOrUndefined(row, 'p99'),
      lastAttemptAtMs: readNumberOrUndefined(row, 'last'),
    }
  }

  #where(filter: AttemptFilter): Sql {
    const conditions: Sql[] = [sql`true`]
    const equal = (column: string, value: SqlValue | undefined): void => {
      if (value !== undefined) conditions.push(sql`${raw(column)} = ${value}`)
    }
    equal('tenant', filter.tenant)
    equal('endpoint_id', filter.endpointId)
    equal('delivery_id', filter.deliveryId)
    equal('event_type', filter.eventType)
    equal('subject', filter.subject)
    equal('succeeded', filter.outcome && (filter.outcome === 'succeeded' ? 1 : 0))
    equal('direction', filter.direction && DIRECTION[filter.direction])
    if (filter.sinceMs !== undefined) conditions.push(sql`started_at_ms >= ${wholeMs(filter.sinceMs)}`)
    if (filter.untilMs !== undefined) conditions.push(sql`started_at_ms < ${wholeMs(filter.untilMs)}`)
    if (filter.status !== undefined) conditions.push(hasStatus(filter.status))
    if (filter.text !== undefined) conditions.push(this.#contains(filter.text))
    const before = readCursor(filter)
    if (before !== undefined) conditions.push(sql`(started_at_ms, no) < (${before[0]}, ${before[1]})`)
    return join(conditions, ' and ')
  }

  #contains(wanted: string): Sql {
    const find = raw(this.#database.dialect === 'postgres' ? 'strpos' : 'instr')
    const places = ['url', 'request_body', 'response_body', "coalesce(error_message, '')"]
    return sql`(${join(
      places.map(place => sql`${find}(${raw(place)}, ${wanted}) > 0`),
      ' or ',
    )})`
  }
}

/** Stores attempts, each once. */
export function insertAttempts(table: Sql, attempts: readonly Attempt[]): Sql {
  const rows = attempts.map(
    attempt =>
      sql`(${join(
        writeAttempt(attempt).map(value => sql`${value}`),
        ', ',
      )})`,
  )
  return sql`insert into ${table} (${raw(COLUMNS)}) values ${join(rows, ', ')} on conflict (id) do nothing`
}

function hasStatus(status: NonNullable<AttemptFilter['status']>): Sql {
  if (status === 'none') return sql`status is null`
  if (typeof status === 'number') return sql`status = ${status}`
  const first = Number(status.charAt(0)) * 100
  return sql`status >= ${first} and status < ${first + 100}`
}
