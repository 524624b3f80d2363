import { WebhookError, type WebhookErrorCode } from '../../../errors.ts'
import { type Row, type SqlValue, type Statement, type Steps, toStatement } from '../statement.ts'

/** A statement of `better-sqlite3` or `libsql`. */
interface SqliteStatement {
  all(...values: never[]): unknown[]
  run(...values: never[]): unknown
}

/** A database handle: of `node:sqlite`, `better-sqlite3` or `libsql`. */
export interface SqliteHandle {
  exec(sql: string): unknown
  prepare(sql: string): SqliteStatement
  close(): unknown
  readonly inTransaction?: boolean
  readonly isTransaction?: boolean
}

/** What is used of a handle, whatever its kind. Everything is synchronous. */
export interface SqliteDriver {
  readonly handle: SqliteHandle
  /** `undefined` where the handle does not tell. */
  readonly inTransaction: boolean | undefined
  exec(text: string): void
  all(statement: Statement): readonly Row[]
  close(): void
}

/** Lists that are put together from filters come in many forms. */
const MAX_PREPARED = 300

interface RunResult {
  readonly changes: number | bigint
  readonly lastInsertRowid: number | bigint
}

interface Prepared {
  readonly statement: { all(...values: readonly unknown[]): unknown[]; run(...values: readonly unknown[]): RunResult }
  readonly answers: boolean
}

/** Uses a handle. Statements are prepared once. */
export function createDriver(handle: SqliteHandle): SqliteDriver {
  const prepared = new Map<string, Prepared>()
  // These take their values as one array; a lone value of some types would be mistaken for named ones.
  const takesArray = 'pragma' in handle
  const prepare = (text: string): Prepared => {
    let known = prepared.get(text)
    if (known === undefined) {
      if (prepared.size >= MAX_PREPARED) prepared.clear()
      const statement = handle.prepare(text) as Prepared['statement']
      known = { statement, answers: /^\s*(select|with|pragma)\b|\breturning\b/i.test(text) }
      prepared.set(text, known)
    }
    return known
  }
  return {
    handle,
    get inTransaction() {
      return handle.inTransaction ?? handle.isTransaction
    },
    exec(text) {
      handle.exec(text)
    },
    all({ text, values, counts }) {
      const { statement, answers } = prepare(text)
      const given = takesArray ? [values] : (values as readonly SqlValue[])
      if (answers) return statement.all(...given) as readonly Row[]
      const { changes, lastInsertRowid } = statement.run(...given)
      return counts === true ? [{ changes: Number(changes), last_no: Number(lastInsertRowid) }] : []
    },
    close() {
      prepared.clear()
      handle.close()
    },
  }
}

/** Whether something is such a handle. */
export function isHandle(value: unknown): value is SqliteHandle {
  const handle = value as Partial<SqliteHandle> | null
  return typeof value === 'object' && typeof handle?.prepare === 'function' && typeof handle.exec === 'function'
}

/** Results that say something of the database itself. https://sqlite.org/rescode.html */
const REASONS: ReadonlyArray<{
  readonly code: WebhookErrorCode
  readonly numbers: readonly number[]
  readonly name: RegExp
}> = [
  { code: 'store_full', numbers: [13], name: /SQLITE_FULL|disk is full/ },
  { code: 'store_read_only', numbers: [8], name: /SQLITE_READONLY|readonly database/ },
  { code: 'store_schema', numbers: [], name: /no such table/ },
  { code: 'store_refused', numbers: [18, 19, 20, 25], name: /SQLITE_(TOOBIG|CONSTRAINT|MISMATCH|RANGE)/ },
]

/** Results that say something of the file, and those by which it is the wrong one. */
const FILE = {
  numbers: [8, 10, 11, 13, 14, 26],
  name: /readonly|I\/O error|malformed|disk is full|open database|not a database/i,
}
const WRONG_FILE = { numbers: [14, 26], name: /open database|not a database/i }

/**
 * An error of a driver as ours, with its own words: they name tables and columns, never values.
 *
 * @param path the file, which is named where the error is about it. Default: not known.
 */
export function toStoreError(error: unknown, path = ''): unknown {
  if (!(error instanceof Error) || error instanceof WebhookError) return error
  const { number, name } = resultOf(error)
  const tells = (known: { readonly numbers: readonly number[]; readonly name: RegExp }): boolean =>
    known.numbers.includes(number) || known.name.test(name)
  const code = error instanceof TypeError ? 'store_refused' : (REASONS.find(tells)?.code ?? 'store_unavailable')
  const place = path !== '' && tells(FILE) ? ` (${path})` : ''
  const argument = tells(WRONG_FILE) ? { argument: 'database' } : {}
  return new WebhookError(code, `SQLite: ${error.message}${place}`, { cause: error, ...argument })
}

/** Whether another connection is writing just now, or somebody else has a transaction on this one. */
export function isBusy(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  const { number, name } = resultOf(error)
  return number === 5 || /SQLITE_BUSY|database is locked|within a transaction/.test(name)
}

/** Whether there is no room on the disk. */
export function isFull(error: unknown): boolean {
  const failure = toStoreError(error)
  return failure instanceof WebhookError && failure.code === 'store_full'
}

/**
 * An error of a commit. When the disk failed, its record may be on it all the same, and be found when the file is
 * opened after a crash.
 */
export function toCommitError(error: unknown): unknown {
  if (!(error instanceof Error)) return error
  const { number, name } = resultOf(error)
  if (number !== 10 && !/SQLITE_IOERR|disk I\/O error/.test(name)) return error
  const message = `SQLite: ${error.message}: what was to be written may have been`
  return new WebhookError('store_outcome_unknown', message, { cause: error })
}

/** The result code, as a number where the driver tells it so, and as text. */
function resultOf(error: Error): { readonly number: number; readonly name: string } {
  const { code = '', errcode } = error as { readonly code?: unknown; readonly errcode?: unknown }
  return { number: Number(errcode) % 256, name: `${typeof code === 'string' ? code : ''} ${error.message}` }
}

/** Runs steps to their end, on a driver that answers at once. */
export function runSteps<Result>(driver: SqliteDriver, steps: () => Steps<Result>): Result {
  const work = steps()
  for (let step = work.next(); ; ) {
    if (step.done === true) return step.value
    step = work.next(driver.all(toStatement(step.value, 'sqlite')))
  }
}

/** Runs steps in a transaction that is open: what they wrote is undone when they fail, and nothing else of it. */
export function runInside<Result>(driver: SqliteDriver, steps: () => Steps<Result>): Result {
  driver.exec('savepoint crm_webhooks')
  try {
    const result = runSteps(driver, steps)
    driver.exec('release crm_webhooks')
    return result
  } catch (error) {
    try {
      driver.exec('rollback to crm_webhooks; release crm_webhooks')
    } catch {
      // SQLite has undone the whole transaction itself.
    }
    throw error
  }
}
