import { type Clock, systemClock } from '../clock.ts'
import { WebhookError } from '../errors.ts'
import type { FieldTable } from '../model/known-fields.ts'
import { checkOptions } from '../model/known-fields.ts'
import { harmlessLogger, type Logger } from '../model/logger.ts'
import type { EncryptionOptions } from './encryption/keys.ts'
import { createSealer } from './encryption/sealer.ts'
import { isClient, kindOf, type PostgresClient } from './sql/postgres/client.ts'
import { PostgresDatabase } from './sql/postgres/database.ts'
import { createListener } from './sql/postgres/listener.ts'
import { dedupeOnServerTime, onServerTime, ServerTime } from './sql/postgres/server-time.ts'
import { postgresStatements } from './sql/postgres/statements.ts'
import { createSqlStore, type SqlStore } from './sql/store.ts'
import { DEFAULT_PREFIX, nameTables } from './sql/tables.ts'

export type { EncryptionOptions } from './encryption/keys.ts'
export { migrationSql } from './sql/migrations.ts'
export type { PostgresClient } from './sql/postgres/client.ts'
export type { Pruned, PruneOptions } from './sql/prune.ts'
export type { Reencrypted } from './sql/reencrypt.ts'
export type { SqlStore } from './sql/store.ts'

/** Options of {@link postgresStore}. */
export interface PostgresStoreOptions {
  /** What the names of the tables begin with, and their schema where it is not the default one. Default `webhook_`. */
  readonly prefix?: string
  /**
   * Encrypts endpoints and rendered bodies. Without it they are readable for whoever reads the database, as events and the
   * exchange log are in any case.
   */
  readonly encryption?: EncryptionOptions
  /**
   * Whether other processes' deliveries wake the workers at once (`LISTEN`), over one connection of the pool. Default
   * yes, where the client can; never over the only connection of a pool. Workers poll as well.
   */
  readonly listen?: boolean
  /** `transaction` for a pooler that lends connections by the transaction: nothing is left behind on a connection. */
  readonly poolerMode?: 'session' | 'transaction'
  /**
   * How long the database may take to answer, in seconds. Default 15. Then the connection is given up, and a write
   * rejects with `store_outcome_unknown`. An event that needs what another transaction has locked, as one with the
   * idempotency key of an event that is not committed, waits for as long, and then rejects with `store_unavailable`. Only
   * bringing tables up to date has no limit; what is asked meanwhile rejects with `store_unavailable` in time. Opening a
   * connection has its own limit: `connectionTimeoutMillis` of the pool.
   */
  readonly timeoutSeconds?: number
  /** Told when what is stored may be lost: the server does not flush, or the tables were dropped. Default: nobody. */
  readonly logger?: Logger
  /**
   * For the times that are stored. Without one, leases, due times, the ids of handled events and the ages of `prune`
   * follow the server's clock, with which the system's is compared every minute: a host whose own clock is wrong does no
   * harm. Times that only tell when something happened are the host's own. Where the two differ by less than two seconds
   * they are taken to agree. PGlite has the system's clock. Waiting for the database goes by that in any case.
   */
  readonly clock?: Clock
}

const OPTIONS: FieldTable<PostgresStoreOptions> = {
  prefix: true,
  encryption: true,
  listen: true,
  poolerMode: true,
  timeoutSeconds: true,
  logger: true,
  clock: true,
}

/**
 * A store in PostgreSQL (12 or later) for any number of processes on any number of hosts, which need nothing else to
 * work together. What was answered is durable as far as the server's `synchronous_commit` says.
 *
 * @param client a pool or a client of `pg`, PGlite, or anything with their `query(text, values)`. A single client must
 * be the store's own. It stays yours to close. Give a pool: a single connection does one thing at a time.
 * @throws {WebhookError} `invalid_option` and `invalid_secret` for wrong options.
 *
 * @example
 * const pool = new Pool({ connectionString: process.env.DATABASE_URL, connectionTimeoutMillis: 5_000 })
 * const store = postgresStore(pool)
 * const sender = createSender({ guard, transport, store })
 * // On a transaction of your own: the event is there when that is committed, and not otherwise. `client` is that of
 * // `pg`, or anything with its `query(text, values)`: two lines make it of an ORM's transaction.
 * await sender.publish('order.paid', order, { transaction: client })
 */
export function postgresStore(client: PostgresClient, options: PostgresStoreOptions = {}): SqlStore {
  checkOptions(options, Object.keys(OPTIONS), 'postgresStore')
  const { prefix = DEFAULT_PREFIX, clock = systemClock, timeoutSeconds = 15, poolerMode = 'session' } = options
  const { encryption, listen = true } = options
  const logger = harmlessLogger(options.logger)
  if (!isClient(client)) {
    throw invalid('client', 'must be a pool or a client of pg: something with query()')
  }
  if (typeof timeoutSeconds !== 'number' || !(timeoutSeconds > 0)) {
    throw invalid('timeoutSeconds', 'must be a number above 0')
  }
  if (poolerMode !== 'session' && poolerMode !== 'transaction') {
    throw invalid('poolerMode', "must be 'session' or 'transaction'")
  }
  if (typeof listen !== 'boolean') throw invalid('listen', 'must be true or false')
  const tables = nameTables(prefix, 'postgres')
  const pooled = poolerMode === 'transaction'
  const channel = `${tables.indexPrefix}enqueued`
  const timeoutMs = timeoutSeconds * 1000
  const ownTime = options.clock !== undefined || kindOf(client) === 'pglite'
  const time = ownTime ? undefined : new ServerTime(() => database.serverTimeMs(), clock)
  const database: PostgresDatabase = new PostgresDatabase(client, {
    tables,
    logger,
    timeoutMs,
    prepare: !pooled && kindOf(client) !== 'pglite',
    // Before a transaction of the host, in the middle of which the server is not asked.
    onStarted: async () => time?.aheadMs(),
  })
  const command = (text: string): Promise<void> => database.command(text)
  const listener = listen && !pooled ? createListener(client, { channel, timeoutMs, command, logger }) : undefined
  const store = createSqlStore({
    database,
    sealer: encryption === undefined ? undefined : createSealer(encryption),
    clock,
    statements: lanes => postgresStatements(database, lanes, channel),
    ...(listener === undefined ? {} : { onEnqueued: listener.onEnqueued }),
    ...(time === undefined ? {} : { nowMs: async () => clock.now() + (await time.aheadMs()) }),
  })
  return {
    ...store,
    deliveries: time === undefined ? store.deliveries : onServerTime(store.deliveries, time, () => database.ready()),
    dedupe: time === undefined ? store.dedupe : dedupeOnServerTime(store.dedupe, time),
    async close() {
      listener?.close()
      await store.close()
    },
  }
}

function invalid(argument: string, problem: string): WebhookError {
  return new WebhookError('invalid_option', `postgresStore: ${argument} ${problem}`, { argument })
}
