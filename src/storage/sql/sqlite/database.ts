import { systemClock } from '../../../clock.ts'
import { WebhookError } from '../../../errors.ts'
import type { Logger } from '../../../model/logger.ts'
import type { Database } from '../database.ts'
import { EMPTIED, findVersion, migrate, refuseNewer } from '../migrate.ts'
import { SCHEMA_VERSION } from '../migrations.ts'
import type { Row, Sql, Statement, Steps } from '../statement.ts'
import { toStatement } from '../statement.ts'
import type { Tables } from '../tables.ts'
import { begin, briefly, configure, FullDisk, RETRY_MS, whenFree } from './connection.ts'
import {
  createDriver,
  isBusy,
  runInside,
  runSteps,
  type SqliteDriver,
  type SqliteHandle,
  toCommitError,
  toStoreError,
} from './driver.ts'
import { heldUp, noTransactionOpen, notOwnHandle } from './host-transaction.ts'

/** What a SQLite database is used with. */
export interface SqliteDatabaseOptions {
  readonly tables: Tables
  readonly logger: Logger
  /** The file, where it is known: to name it in errors. */
  readonly path: string
  /** How long a write waits for other processes that write. */
  readonly busyTimeoutMs: number
}

/** An open file, and what tells whether its name has come to mean another file, or none. */
export interface OpenFile {
  readonly handle: SqliteHandle
  readonly isGone: () => boolean
}

interface Job {
  run(): void
  done(): void
  fail(error: unknown): void
  /** By a clock that is not put forward or back. */
  readonly sinceMs: number
}

/** Writes in one transaction: a bound on how long it holds the event loop up. */
const MAX_JOBS = 500

/**
 * A SQLite database. Everything that is to be written in one turn of the event loop is one transaction, with one
 * flush to the disk; each caller is answered when that is done.
 */
export class SqliteDatabase implements Database {
  readonly dialect = 'sqlite'
  readonly tables: Tables
  readonly #options: SqliteDatabaseOptions
  readonly #open: () => Promise<OpenFile>
  readonly #isOwn: boolean
  #isGone = (): boolean => false
  #driver: SqliteDriver | undefined
  #starting: Promise<void> | undefined
  /** Whether the tables have been there before. */
  #started = false
  #waiting: Job[] = []
  #scheduled = false
  readonly #disk = new FullDisk()
  /** A transaction of our own is open. */
  #committing = false
  undone = 0

  constructor(handle: SqliteHandle | undefined, open: () => Promise<OpenFile>, options: SqliteDatabaseOptions) {
    this.#driver = handle && createDriver(handle)
    this.#isOwn = handle === undefined
    this.#open = open
    this.tables = options.tables
    this.#options = options
  }

  get lasting(): boolean {
    return this.#committing || this.#driver?.inTransaction === false
  }

  start(): Promise<void> {
    this.#starting ??= this.#prepare().catch((error: unknown) => {
      this.#starting = undefined
      throw toStoreError(error, this.#options.path)
    })
    return this.#starting
  }

  async read(query: Sql | Statement): Promise<readonly Row[]> {
    const driver = await this.#ready()
    return this.#guarded(() => driver.all(toStatement(query, 'sqlite')))
  }

  async look<Result>(steps: () => Steps<Result>): Promise<Result> {
    const driver = await this.#ready()
    return this.#guarded(() => runSteps(driver, steps))
  }

  write<Result>(steps: () => Steps<Result>): Promise<Result> {
    return this.transaction(steps)
  }

  async transaction<Result>(steps: () => Steps<Result>): Promise<Result> {
    const driver = await this.#ready()
    return this.#enqueue(() => runSteps(driver, steps))
  }

  within<Result>(transaction: unknown, steps: () => Steps<Result>): Promise<Result> {
    const driver = this.#driver
    if (driver === undefined || this.#starting === undefined || transaction !== driver.handle) {
      return Promise.reject(notOwnHandle())
    }
    if (driver.inTransaction === false) return Promise.reject(noTransactionOpen())
    // At once: a transaction of such a handle ends with the function that it is given.
    try {
      return Promise.resolve(runInside(driver, steps))
    } catch (error) {
      return Promise.reject(toStoreError(error))
    }
  }

  /** A handle that was handed in is the host's to close. */
  async close(): Promise<void> {
    await this.#starting?.catch(() => undefined)
    while (this.#waiting.length > 0) await new Promise<void>(resolve => setImmediate(resolve))
    if (this.#isOwn) this.#driver?.close()
    this.#driver = undefined
  }

  async #ready(): Promise<SqliteDriver> {
    await this.start()
    if (this.#driver === undefined) throw closed()
    return this.#driver
  }

  async #prepare(): Promise<void> {
    const driver = this.#driver ?? (await this.#openFile())
    const look = (): number => {
      configure(driver, this.#isOwn)
      return runSteps(driver, () => findVersion(this.tables, 'sqlite')) ?? 0
    }
    const version = await whenFree(this.#options.busyTimeoutMs, () => briefly(driver, this.#isOwn, look))
    refuseNewer(version)
    if (version !== SCHEMA_VERSION) {
      await this.#enqueue(() => runSteps(driver, () => migrate(this.tables, 'sqlite')))
      if (this.#started) this.#options.logger.error(EMPTIED)
    }
    this.#started = true
  }

  #guarded<Result>(work: () => Result): Result {
    try {
      return work()
    } catch (error) {
      throw this.#failure(error)
    }
  }

  #failure(error: unknown): unknown {
    const failure = toStoreError(error, this.#options.path)
    // Whoever dropped the tables did so under us: they are looked for, and made again, with the next use.
    if (failure instanceof WebhookError && failure.code === 'store_schema') {
      this.#starting = undefined
      this.undone++
    }
    return failure
  }

  async #openFile(): Promise<SqliteDriver> {
    const { handle, isGone } = await this.#open()
    this.#isGone = isGone
    this.#driver = createDriver(handle)
    return this.#driver
  }

  /** SQLite would go on writing into a file that nobody finds again. */
  #leaveGone(): void {
    const message = 'SQLite: the file was deleted or replaced. A new one is made; what was in the old one is lost'
    this.#options.logger.error(`webhook store: ${message}`)
    const jobs = this.#waiting
    this.#waiting = []
    try {
      this.#driver?.close()
    } catch {
      // It is left either way.
    }
    this.#driver = undefined
    this.#starting = undefined
    this.undone++
    for (const job of jobs) job.fail(new WebhookError('store_unavailable', message))
  }

  #enqueue<Result>(work: () => Result): Promise<Result> {
    return new Promise((resolve, reject) => {
      let result: { readonly value: Result } | undefined
      this.#waiting.push({
        run() {
          result = { value: work() }
        },
        done() {
          if (result !== undefined) resolve(result.value)
        },
        fail: error => reject(this.#failure(error)),
        sinceMs: performance.now(),
      })
      this.#schedule()
    })
  }

  #schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    setImmediate(() => this.#flush())
  }

  #flush(): void {
    this.#scheduled = false
    const driver = this.#driver
    if (driver === undefined) {
      // What was asked for just before the store was closed.
      for (const job of this.#waiting.splice(0)) job.fail(closed())
      return
    }
    const jobs = this.#waiting.slice(0, MAX_JOBS)
    if (jobs.length === 0) return
    if (this.#isGone()) {
      this.#leaveGone()
      return
    }
    // Somebody else's transaction on this handle must end first.
    const left = driver.inTransaction ? jobs : this.#commit(driver, jobs)
    this.#waiting.splice(0, jobs.length - left.length)
    if (left.length > 0) this.#waitFor(left)
    else if (this.#waiting.length > 0) this.#schedule()
  }

  /** Answers the jobs, but for the last of them when the database is busy by then: those are left. */
  #commit(driver: SqliteDriver, jobs: readonly Job[]): readonly Job[] {
    try {
      begin(driver, this.#disk, this.#isOwn)
    } catch (error) {
      if (isBusy(error)) return jobs
      for (const job of jobs) job.fail(error)
      return []
    }
    let ran = false
    this.#committing = true
    try {
      for (const job of jobs) job.run()
      ran = true
      driver.exec('commit')
    } catch (error) {
      this.#undo(driver)
      if (isBusy(error)) return jobs
      this.#disk.note(error)
      if (jobs.length > 1) return this.#commitEach(driver, jobs)
      jobs[0]?.fail(ran ? toCommitError(error) : error)
      return []
    } finally {
      this.#committing = false
    }
    for (const job of jobs) job.done()
    return []
  }

  /** One of them spoilt it: each alone. */
  #commitEach(driver: SqliteDriver, jobs: readonly Job[]): readonly Job[] {
    const busyAt = jobs.findIndex(job => this.#commit(driver, [job]).length > 0)
    return busyAt === -1 ? [] : jobs.slice(busyAt)
  }

  #undo(driver: SqliteDriver): void {
    this.undone++
    try {
      driver.exec('rollback')
    } catch {
      // There was no transaction, or SQLite has ended it itself.
    }
  }

  #waitFor(jobs: readonly Job[]): void {
    const { busyTimeoutMs } = this.#options
    const late = jobs.filter(({ sinceMs }) => performance.now() - sinceMs >= busyTimeoutMs)
    for (const job of late) job.fail(heldUp(this.#driver))
    this.#waiting = this.#waiting.filter(job => !late.includes(job))
    if (this.#waiting.length === 0 || this.#scheduled) return
    this.#scheduled = true
    systemClock.setTimer(() => this.#flush(), RETRY_MS)
  }
}

function closed(): WebhookError {
  return new WebhookError('store_unavailable', 'SQLite: the store was closed')
}
