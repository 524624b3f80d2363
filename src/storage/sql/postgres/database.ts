import { utf8 } from '../../../bytes/encoding.ts'
import { sha256Hex } from '../../../bytes/hash.ts'
import { WebhookError } from '../../../errors.ts'
import type { Logger } from '../../../model/logger.ts'
import type { Database, Locks } from '../database.ts'
import { EMPTIED, findVersion, migrate, refuseNewer } from '../migrate.ts'
import { SCHEMA_VERSION } from '../migrations.ts'
import { type Row, raw, type Sql, type SqlValue, type Statement, type Steps, sql, toStatement } from '../statement.ts'
import type { Tables } from '../tables.ts'
import { readNumber } from '../values.ts'
import { arrayLiteral } from './array-literal.ts'
import { bounded, type Call, retried, unbounded } from './call.ts'
import { type ClientKind, type FullClient, isClient, isPg, kindOf, type PostgresClient, rowsOf } from './client.ts'
import { isAnswer, isLocked, withConnectHint } from './errors.ts'
import { hurryTable } from './hurry-table.ts'

/** What a PostgreSQL database is used with. */
export interface PostgresDatabaseOptions {
  readonly tables: Tables
  readonly logger: Logger
  /** How long an answer is waited for. */
  readonly timeoutMs: number
  /** Whether statements may be prepared by name. */
  readonly prepare: boolean
  /** To be done once the tables are there. What comes of it is of no weight. */
  readonly onStarted: () => Promise<unknown>
}

/** A table in which so many rows were found is never nearly empty again. */
const MANY_ROWS = 5_000

/** A write for several callers waits no longer for what somebody else has locked. */
const MAX_LOCK_MS = 500

/** Runs one statement. */
type Ask = (query: Sql | Statement) => Promise<readonly Row[]>

const SERVER_TIME = sql`select (extract(epoch from clock_timestamp()) * 1000)::bigint as now_ms`
/** What makes an answer durable. PostgreSQL's defaults are fine. */
const SETTINGS = sql`select current_setting('synchronous_commit') as synchronous_commit,
  current_setting('fsync') as fsync`
const MAY_LOSE = 'What is answered as stored may be lost when the server stops unexpectedly'

/** Pools and clients whose errors are heard, each once. */
const heard = new WeakSet<FullClient>()

/** A PostgreSQL database. */
export class PostgresDatabase implements Database {
  readonly dialect = 'postgres'
  readonly tables: Tables
  /** What is read outside of a transaction of the host is read on a connection of ours. */
  readonly lasting = true
  readonly locks: Locks
  undone = 0
  readonly #client: FullClient
  readonly #kind: ClientKind
  readonly #options: PostgresDatabaseOptions
  readonly #names = new Map<string, string>()
  /** How many rows were found by statements that are not prepared yet. */
  readonly #found = new Map<string, number>()
  #starting: Promise<void> | undefined
  /** Whether the tables have been there before. */
  #started = false
  /** The end of what was asked last on a client that must not be asked two things at once. */
  readonly #turns = new WeakMap<PostgresClient, Promise<unknown>>()

  constructor(client: FullClient, options: PostgresDatabaseOptions) {
    this.#client = client
    this.#kind = kindOf(client)
    this.#options = options
    this.tables = options.tables
    const { timeoutMs } = options
    this.locks = { hurry: hurryTable(Math.min(MAX_LOCK_MS, Math.ceil(timeoutMs / 4))), patienceMs: timeoutMs, isLocked }
    if (this.#kind !== 'pglite' && !heard.has(client)) {
      heard.add(client)
      client.on?.('error', ignoreError)
    }
  }

  start(): Promise<void> {
    this.#starting ??= this.#prepare().catch((error: unknown) => {
      this.#starting = undefined
      throw this.#kind === 'client' && isPg(this.#client) ? withConnectHint(error) : error
    })
    return this.#starting
  }

  /** The tables are there. Bringing large ones up to date takes long: nobody waits for it longer than for an answer. */
  ready(): Promise<void> {
    const starting = this.start()
    return this.#started ? starting : bounded(() => starting, this.#options.timeoutMs)
  }

  async read(query: Sql | Statement): Promise<readonly Row[]> {
    await this.ready()
    return this.#bounded(call => this.#single(call, query, true))
  }

  /** In milliseconds since the epoch. Needs no tables. */
  async serverTimeMs(): Promise<number> {
    const [row] = await this.#bounded(call => this.#single(call, SERVER_TIME, true))
    return row === undefined ? Number.NaN : readNumber(row, 'now_ms')
  }

  async look<Result>(steps: () => Steps<Result>): Promise<Result> {
    await this.ready()
    return this.#bounded(call => runSteps(steps, query => this.#single(call, query, true)))
  }

  async write<Result>(steps: () => Steps<Result>): Promise<Result> {
    await this.ready()
    // What the server undoes is one statement: those before it stand, and are not asked again.
    return this.#bounded(call => runSteps(steps, query => retried(() => this.#single(call, query), call)), 1)
  }

  async transaction<Result>(steps: () => Steps<Result>): Promise<Result> {
    await this.ready()
    return this.#bounded(call => this.#begin(call, steps))
  }

  async within<Result>(transaction: unknown, steps: () => Steps<Result>): Promise<Result> {
    if (!isClient(transaction) || kindOf(transaction) === 'pool') {
      const message = 'transaction must be the client on which begin was said: a pool asks on any of its connections'
      throw new WebhookError('invalid_option', message, { argument: 'transaction' })
    }
    await this.ready()
    // Not tried again: after an error the server takes nothing more in this transaction.
    return this.#bounded(
      call => this.#turn(transaction, () => runSteps(steps, query => this.#ask(call, transaction, query))),
      1,
    )
  }

  /** A command of the session, on a client of which there is one only. */
  async command(text: string): Promise<void> {
    await this.#bounded(call => this.#single(call, raw(text)))
  }

  /** The client is the host's to close. */
  async close(): Promise<void> {
    await this.#starting?.catch(() => undefined)
  }

  async #prepare(): Promise<void> {
    const version = await this.#bounded(call =>
      runSteps(
        () => findVersion(this.tables, 'postgres'),
        query => this.#single(call, query, true),
      ),
    )
    refuseNewer(version ?? 0)
    if (version !== SCHEMA_VERSION) {
      await unbounded(call => this.#begin(call, () => migrate(this.tables, 'postgres')))
      if (this.#started) this.#options.logger.error(EMPTIED)
    }
    if (!this.#started) await Promise.all([this.#checkDurability(), this.#options.onStarted().catch(() => undefined)])
    this.#started = true
  }

  /** Nothing depends on it: what cannot be read is not warned about. */
  async #checkDurability(): Promise<void> {
    const rows = await this.#bounded(call => this.#single(call, SETTINGS, true)).catch(() => [])
    for (const [name, setting] of Object.entries(rows[0] ?? {})) {
      if (setting === 'off') this.#options.logger.warn(`webhook store: ${name} is off in this database. ${MAY_LOSE}`)
    }
  }

  #bounded<Result>(work: (call: Call) => Promise<Result>, maxTries?: number): Promise<Result> {
    const result = bounded(work, this.#options.timeoutMs, maxTries)
    result.catch((error: unknown) => {
      // Whoever dropped the tables did so under us: they are looked for, and made again, with the next use.
      if (!(error instanceof WebhookError) || error.code !== 'store_schema') return
      this.#starting = undefined
      this.undone++
    })
    return result
  }

  /** One statement on any connection: a transaction by itself. */
  #single(call: Call, query: Sql | Statement, reads = readsOnly(query)): Promise<readonly Row[]> {
    const ask = (client: PostgresClient): Promise<readonly Row[]> => {
      call.check()
      call.sent ||= !reads
      return this.#ask(call, client, query)
    }
    return this.#kind === 'pool' ? this.#onLeased(call, ask) : this.#turn(this.#client, async () => ask(this.#client))
  }

  async #begin<Result>(call: Call, steps: () => Steps<Result>): Promise<Result> {
    const client = this.#client
    if (this.#kind === 'client') return this.#turn(client, () => this.#onClient(call, client, steps))
    if (this.#kind === 'pool') return this.#onLeased(call, leased => this.#onClient(call, leased, steps))
    let result: { readonly value: Result } | undefined
    await client.transaction?.(async inner => {
      result = { value: await runSteps(steps, query => this.#ask(call, inner, query)) }
      call.check()
      call.sent = true
    })
    if (result === undefined) throw new Error('the transaction did not run')
    return result.value
  }

  /** With a connection of the pool. */
  async #onLeased<Result>(call: Call, work: (leased: FullClient) => Promise<Result>): Promise<Result> {
    const leased = (await this.#client.connect?.()) as FullClient
    leased.on?.('error', ignoreError)
    let held = true
    const release = (broken: boolean): void => {
      if (!held) return
      held = false
      leased.off?.('error', ignoreError)
      leased.release?.(broken)
    }
    call.drop = () => release(true)
    try {
      call.check()
      const result = await work(leased)
      release(false)
      return result
    } catch (error) {
      // After a refusal the connection is as good as before; else nobody knows what state it is in.
      release(!(error instanceof WebhookError || isAnswer(error)))
      throw error
    } finally {
      call.drop = undefined
    }
  }

  async #onClient<Result>(call: Call, client: PostgresClient, steps: () => Steps<Result>): Promise<Result> {
    call.check()
    // Whatever the database's default is: whose turn it is depends on what others have just committed.
    await client.query('begin isolation level read committed')
    try {
      const result = await runSteps(steps, query => this.#ask(call, client, query))
      call.check()
      call.sent = true
      await client.query('commit')
      return result
    } catch (error) {
      await client.query('rollback').catch(() => undefined)
      throw error
    }
  }

  /** Nothing may come between the statements of a transaction, and `pg` wants one question at a time. */
  #turn<Result>(client: PostgresClient, work: () => Promise<Result>): Promise<Result> {
    if (this.#kind === 'pglite') return work()
    const before = this.#turns.get(client) ?? Promise.resolve()
    const turn = before.then(work)
    this.#turns.set(
      client,
      turn.catch(() => undefined),
    )
    return turn
  }

  async #ask(call: Call, client: PostgresClient, query: Sql | Statement): Promise<readonly Row[]> {
    call.check()
    const { text, values } = toStatement(query, 'postgres')
    const name = this.#options.prepare && isPg(client) && 'text' in query ? this.#nameOf(query) : undefined
    // What `pg` takes instead of a text: the name keeps the statement prepared on the connection.
    const named = name === undefined ? text : ({ name, text } as unknown as string)
    const rows = await client.query(named, isPg(client) ? values.map(toParameter) : [...values]).then(rowsOf)
    if ('planAnew' in query && name === undefined) this.#found.set(text, (this.#found.get(text) ?? 0) + rows.length)
    return rows
  }

  #nameOf({ text, planAnew = false }: Statement): string | undefined {
    if (planAnew && (this.#found.get(text) ?? 0) < MANY_ROWS) return undefined
    let name = this.#names.get(text)
    if (name === undefined) {
      name = `webhooks_${sha256Hex(utf8(text)).slice(0, 24)}`
      this.#names.set(text, name)
    }
    return name
  }
}

function toParameter(value: SqlValue | readonly SqlValue[]): SqlValue {
  return typeof value === 'object' && value !== null ? arrayLiteral(value) : value
}

/** An idle connection that breaks is the pool's to replace, but unheard it would end the process. */
function ignoreError(): void {}

/** Runs steps to their end, on a client that has to be waited for. */
async function runSteps<Result>(steps: () => Steps<Result>, ask: Ask): Promise<Result> {
  const work = steps()
  for (let step = work.next(); ; ) {
    if (step.done === true) return step.value
    step = work.next(await ask(step.value))
  }
}

/** Whether nothing can have been written by a statement among those of a write. */
function readsOnly(query: Sql | Statement): boolean {
  const text = 'text' in query ? query.text : query.parts[0]
  return text?.startsWith('select ') === true
}
