import { utf8 } from '../../../bytes/encoding.ts'
import { sha256Hex } from '../../../bytes/hash.ts'
import type { Clock } from '../../../clock.ts'
import { WebhookError } from '../../../errors.ts'
import type { Database } from '../database.ts'
import { findVersion, migrate, refuseNewer } from '../migrate.ts'
import { SCHEMA_VERSION } from '../migrations.ts'
import type { Row, Sql, Statement, Steps } from '../statement.ts'
import { toStatement } from '../statement.ts'
import type { Tables } from '../tables.ts'
import { type ClientKind, type FullClient, isClient, kindOf, type PostgresClient, rowsOf } from './client.ts'
import { isConflict, toStoreError } from './errors.ts'

/** What a PostgreSQL database is used with. */
export interface PostgresDatabaseOptions {
  readonly tables: Tables
  readonly clock: Clock
  /** How long an answer is waited for. */
  readonly timeoutMs: number
  /** Whether statements may be prepared by name. */
  readonly prepare: boolean
}

/** Runs one statement. */
type Ask = (query: Sql | Statement) => Promise<readonly Row[]>

const MAX_TRIES = 4

/** Pools whose errors are heard, each once. */
const heard = new WeakSet<FullClient>()

/** A PostgreSQL database. */
export class PostgresDatabase implements Database {
  readonly dialect = 'postgres'
  readonly tables: Tables
  readonly undone = 0
  readonly #client: FullClient
  readonly #kind: ClientKind
  readonly #options: PostgresDatabaseOptions
  readonly #names = new Map<string, string>()
  #starting: Promise<void> | undefined
  /** The end of the last transaction on a client that has no others beside it. */
  #last: Promise<unknown> = Promise.resolve()

  constructor(client: FullClient, options: PostgresDatabaseOptions) {
    this.#client = client
    this.#kind = kindOf(client)
    this.#options = options
    this.tables = options.tables
    if (this.#kind === 'pool' && !heard.has(client)) {
      heard.add(client)
      client.on?.('error', ignoreError)
    }
  }

  start(): Promise<void> {
    this.#starting ??= this.#prepare().catch((error: unknown) => {
      this.#starting = undefined
      throw error
    })
    return this.#starting
  }

  async read(query: Sql | Statement): Promise<readonly Row[]> {
    await this.start()
    return this.#single(query)
  }

  look<Result>(steps: () => Steps<Result>): Promise<Result> {
    return this.write(steps)
  }

  async write<Result>(steps: () => Steps<Result>): Promise<Result> {
    await this.start()
    return runSteps(steps, query => this.#single(query))
  }

  async transaction<Result>(steps: () => Steps<Result>): Promise<Result> {
    await this.start()
    return this.#transaction(steps)
  }

  async within<Result>(transaction: unknown, steps: () => Steps<Result>): Promise<Result> {
    if (!isClient(transaction)) {
      throw new WebhookError('invalid_option', 'transaction must be the client on which you began it', {
        argument: 'transaction',
      })
    }
    await this.start()
    return this.#bounded(runSteps(steps, query => this.#ask(transaction, query)))
  }

  /** The client is the host's to close. */
  async close(): Promise<void> {
    await this.#starting?.catch(() => undefined)
  }

  async #prepare(): Promise<void> {
    const version = await runSteps(
      () => findVersion(this.tables, 'postgres'),
      query => this.#single(query),
    )
    refuseNewer(version ?? 0)
    if (version !== SCHEMA_VERSION) await this.#transaction(() => migrate(this.tables, 'postgres'))
  }

  #single(query: Sql | Statement): Promise<readonly Row[]> {
    return retried(() => this.#bounded(this.#turn(() => this.#ask(this.#client, query))))
  }

  #transaction<Result>(steps: () => Steps<Result>): Promise<Result> {
    return retried(() => this.#bounded(this.#begin(steps)))
  }

  async #begin<Result>(steps: () => Steps<Result>): Promise<Result> {
    const client = this.#client
    if (this.#kind === 'pglite') {
      let result: { readonly value: Result } | undefined
      await client.transaction?.(async inner => {
        result = { value: await runSteps(steps, query => this.#ask(inner, query)) }
      })
      if (result === undefined) throw new Error('the transaction did not run')
      return result.value
    }
    if (this.#kind === 'client') return this.#turn(() => this.#onClient(client, steps))
    const leased = (await client.connect?.()) as FullClient
    leased.on?.('error', ignoreError)
    let broken = true
    try {
      const result = await this.#onClient(leased, steps)
      broken = false
      return result
    } catch (error) {
      broken = !(await this.#rollBack(leased))
      throw error
    } finally {
      leased.off?.('error', ignoreError)
      leased.release?.(broken)
    }
  }

  async #onClient<Result>(client: PostgresClient, steps: () => Steps<Result>): Promise<Result> {
    await client.query('begin')
    try {
      const result = await runSteps(steps, query => this.#ask(client, query))
      await client.query('commit')
      return result
    } catch (error) {
      if (this.#kind === 'client') await this.#rollBack(client)
      throw error
    }
  }

  /** Whether the connection can be used again. */
  #rollBack(client: PostgresClient): Promise<boolean> {
    return client.query('rollback').then(
      () => true,
      () => false,
    )
  }

  /** On a single client nothing may come between the statements of a transaction. */
  #turn<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.#kind !== 'client') return work()
    const turn = this.#last.then(work, work)
    this.#last = turn.catch(() => undefined)
    return turn
  }

  #ask(client: PostgresClient, query: Sql | Statement): Promise<readonly Row[]> {
    const { text, values } = toStatement(query, 'postgres')
    const name = this.#options.prepare && this.#kind !== 'pglite' && 'text' in query ? this.#nameOf(text) : undefined
    // What `pg` takes instead of a text: the name keeps the statement prepared on the connection.
    const named = name === undefined ? text : ({ name, text } as unknown as string)
    return client.query(named, [...values]).then(rowsOf)
  }

  #nameOf(text: string): string {
    let name = this.#names.get(text)
    if (name === undefined) {
      name = `webhooks_${sha256Hex(utf8(text)).slice(0, 24)}`
      this.#names.set(text, name)
    }
    return name
  }

  /** Ends the waiting, not the query: what comes of it later changes nothing for the caller. */
  #bounded<Result>(work: Promise<Result>): Promise<Result> {
    const { clock, timeoutMs } = this.#options
    return new Promise((resolve, reject) => {
      const cancel = clock.setTimer(
        () => reject(new WebhookError('store_unavailable', `PostgreSQL: no answer within ${timeoutMs / 1000} s`)),
        timeoutMs,
      )
      work.then(resolve, (error: unknown) => reject(toStoreError(error))).finally(cancel)
    })
  }
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

async function retried<Result>(work: () => Promise<Result>): Promise<Result> {
  for (let tries = 1; ; tries++) {
    try {
      return await work()
    } catch (error) {
      if (tries >= MAX_TRIES || !isConflict(error)) throw error
    }
  }
}
