import { WebhookError } from '../../errors.ts'
import { createMeta, migrationsFrom, SCHEMA_VERSION } from './migrations.ts'
import { type Dialect, type Row, raw, type Steps, sql } from './statement.ts'
import type { Tables } from './tables.ts'

/** Any number will do, as long as all versions of this library use the same. */
const MIGRATION_LOCK = 7_261_949

/** Logged when tables that were there have to be made anew. */
export const EMPTIED = 'webhook store was emptied: its tables were gone and are made anew. What was in them is lost'

/** What tells whether there is anything to migrate, without a lock. */
export function* findVersion(tables: Tables, dialect: Dialect): Steps<number | undefined> {
  const known =
    dialect === 'postgres'
      ? yield sql`select 1 from (select to_regclass(${tables.meta}) as name) found where name is not null`
      : yield sql`select 1 from sqlite_master where name = ${tables.meta}`
  if (known.length === 0) return undefined
  return readVersion(yield selectVersion(tables))
}

/**
 * Brings the tables to the current version. To be run in a transaction: processes that start together do it one
 * after the other.
 *
 * @throws {WebhookError} `store_schema` when a newer release has made the tables.
 */
export function* migrate(tables: Tables, dialect: Dialect): Steps<void> {
  if (dialect === 'postgres') yield sql`select pg_advisory_xact_lock(${MIGRATION_LOCK})`
  yield raw(createMeta(tables))
  const version = readVersion(yield selectVersion(tables)) ?? 0
  refuseNewer(version)
  if (version === SCHEMA_VERSION) return
  for (const text of migrationsFrom(version, tables, dialect)) yield raw(text)
  const meta = raw(tables.meta)
  yield sql`insert into ${meta} (name, value) values ('schema_version', ${SCHEMA_VERSION})
    on conflict (name) do update set value = excluded.value`
}

/** @throws {WebhookError} `store_schema` when a newer release has made the tables. */
export function refuseNewer(version: number): void {
  if (version <= SCHEMA_VERSION) return
  throw new WebhookError(
    'store_schema',
    `the tables are of version ${version}, and this release knows versions up to ${SCHEMA_VERSION}: a newer release of crm-webhooks has been here`,
  )
}

function selectVersion({ meta }: Tables) {
  return sql`select value from ${raw(meta)} where name = 'schema_version'`
}

function readVersion(rows: readonly Row[]): number | undefined {
  return rows[0] === undefined ? undefined : Number(rows[0].value)
}
