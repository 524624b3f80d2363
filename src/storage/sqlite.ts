import { type Clock, systemClock } from '../clock.ts'
import { WebhookError } from '../errors.ts'
import type { FieldTable } from '../model/known-fields.ts'
import { checkOptions } from '../model/known-fields.ts'
import { harmlessLogger, type Logger } from '../model/logger.ts'
import type { EncryptionOptions } from './encryption/keys.ts'
import { createSealer } from './encryption/sealer.ts'
import { type OpenFile, SqliteDatabase } from './sql/sqlite/database.ts'
import { isHandle, type SqliteHandle } from './sql/sqlite/driver.ts'
import { sqliteStatements } from './sql/sqlite/statements.ts'
import { createSqlStore, type SqlStore } from './sql/store.ts'
import { DEFAULT_PREFIX, nameTables } from './sql/tables.ts'

export type { EncryptionOptions } from './encryption/keys.ts'
export { migrationSql } from './sql/migrations.ts'
export type { Pruned, PruneOptions } from './sql/prune.ts'
export type { Reencrypted } from './sql/reencrypt.ts'
export type { SqliteHandle } from './sql/sqlite/driver.ts'
export type { SqlStore } from './sql/store.ts'

/** Options of {@link sqliteStore}. */
export interface SqliteStoreOptions {
  /** What the names of the tables begin with, without a schema. Default `webhook_`. */
  readonly prefix?: string
  /**
   * Encrypts endpoints and rendered bodies. Without it they are readable for whoever reads the file, as events and the
   * exchange log are in any case.
   */
  readonly encryption?: EncryptionOptions
  /** How long a write waits for other processes that write, in seconds. Default 5. */
  readonly busyTimeoutSeconds?: number
  /** Told when what was stored is lost: the file or its tables were deleted. Default: nobody. */
  readonly logger?: Logger
  /** For the times that are stored. Waiting for the database goes by the system's clock. */
  readonly clock?: Clock
}

const OPTIONS: FieldTable<SqliteStoreOptions> = {
  prefix: true,
  encryption: true,
  busyTimeoutSeconds: true,
  logger: true,
  clock: true,
}

/**
 * A store in a SQLite file: durable, with no server. A write is on the disk before it is answered (WAL,
 * `synchronous=FULL`), and writes of the same turn of the event loop share one flush. Several processes of one machine
 * may use the file; for several machines take `crm-webhooks/storage/postgres`.
 *
 * @param database a file, or a handle of `node:sqlite`, `better-sqlite3` or `libsql`. A file is opened with the first
 * of these that there is. The journal mode of a handle, and how it flushes, are changed; it stays yours to close, once
 * the store was.
 * @throws {WebhookError} `invalid_option` and `invalid_secret` for wrong options.
 *
 * @example const store = sqliteStore('webhooks.db', { encryption: { keys: [process.env.WEBHOOK_KEY] } })
 */
export function sqliteStore(database: string | SqliteHandle, options: SqliteStoreOptions = {}): SqlStore {
  checkOptions(options, Object.keys(OPTIONS), 'sqliteStore')
  const { prefix = DEFAULT_PREFIX, busyTimeoutSeconds = 5, clock = systemClock, encryption } = options
  const handle = isHandle(database) ? database : undefined
  const path = typeof database === 'string' ? database : ''
  if (handle === undefined && path === '') throw invalid('database', 'must be the path of a file or an open database')
  if (/^(?:file:|[a-z][a-z0-9+.-]+:\/\/)/i.test(path)) {
    throw invalid(
      'database',
      `is a URL, not the path of a file${/^postgres/i.test(path) ? ': take postgresStore' : ''}`,
    )
  }
  if (typeof busyTimeoutSeconds !== 'number' || !(busyTimeoutSeconds >= 0)) {
    throw invalid('busyTimeoutSeconds', 'must be a number from 0')
  }
  const tables = nameTables(prefix, 'sqlite')
  const open = async (): Promise<OpenFile> => ({ handle: await openFile(path), isGone: watchFile(path) })
  return createSqlStore({
    database: new SqliteDatabase(handle, open, {
      tables,
      logger: harmlessLogger(options.logger),
      path,
      busyTimeoutMs: busyTimeoutSeconds * 1000,
    }),
    sealer: encryption === undefined ? undefined : createSealer(encryption),
    clock,
    statements: lanes => sqliteStatements(tables, lanes),
  })
}

type Opener = new (path: string) => SqliteHandle

/** Packages that open a file like `better-sqlite3` does. Named here so that no bundler looks for them. */
const PACKAGES = ['better-sqlite3', 'libsql']

async function openFile(path: string): Promise<SqliteHandle> {
  const host = globalThis as { readonly process?: { getBuiltinModule?(name: string): unknown } }
  const builtIn = host.process?.getBuiltinModule?.('node:sqlite') as { readonly DatabaseSync?: Opener } | undefined
  if (builtIn?.DatabaseSync !== undefined) return openWith(builtIn.DatabaseSync, path)
  for (const name of PACKAGES) {
    const found = await import(name).then(
      (module: { readonly default?: Opener }) => module.default,
      () => undefined,
    )
    if (found !== undefined) return openWith(found, path)
  }
  throw new WebhookError(
    'unsupported',
    'this runtime has no node:sqlite: install libsql or better-sqlite3, or hand an open database to sqliteStore',
    { argument: 'database' },
  )
}

/** The drivers differ in what they throw when there is no such folder, or it may not be entered. */
function openWith(Driver: Opener, path: string): SqliteHandle {
  try {
    return new Driver(path)
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    throw new WebhookError('store_unavailable', `SQLite: ${message} (${path})`, { argument: 'database', cause: error })
  }
}

function invalid(argument: string, problem: string): WebhookError {
  return new WebhookError('invalid_option', `sqliteStore: ${argument} ${problem}`, { argument })
}

interface FileSystem {
  statSync(path: string, options: { readonly throwIfNoEntry: false }): { readonly ino: number } | undefined
}

/** Tells whether a file that was just opened is no longer the one of that name. What is no file is never gone. */
function watchFile(path: string): () => boolean {
  const host = globalThis as { readonly process?: { getBuiltinModule?(name: string): unknown } }
  const files = host.process?.getBuiltinModule?.('node:fs') as FileSystem | undefined
  const look = (): number | undefined => files?.statSync(path, { throwIfNoEntry: false })?.ino
  const opened = look()
  return () => opened !== undefined && look() !== opened
}
