import { WebhookError } from '../../errors.ts'
import type { Dialect } from './statement.ts'
import { DEFAULT_PREFIX, nameTables, type Tables } from './tables.ts'
import { MAX_KEY } from './values.ts'

/** The statements of one version, for each database. */
type Migration = (tables: Tables, dialect: Dialect) => readonly string[]

const MIGRATIONS: readonly Migration[] = [firstVersion, causesOfFailure, listsOfTenants, retriesByHand]

/** The version that this release reads and writes. */
export const SCHEMA_VERSION = MIGRATIONS.length

/** The statements that lead from one version to the current one. */
export function migrationsFrom(version: number, tables: Tables, dialect: Dialect): readonly string[] {
  return MIGRATIONS.slice(version).flatMap(migration => migration(tables, dialect))
}

/** Creates the table that says which version there is. */
export function createMeta({ meta }: Tables): string {
  return `create table if not exists ${meta} (name text primary key, value bigint not null)`
}

/** Options of {@link migrationSql}. */
export interface MigrationOptions {
  /** As of the store. Default `webhook_`. */
  readonly prefix?: string
  /**
   * The version that the tables have: `schema_version` in the table `webhook_meta`. Default 0: there are none.
   */
  readonly from?: number
}

/**
 * The statements that make the tables, or bring those of an earlier release up to date, for those who run migrations
 * themselves. Stores run them at their first use, in one transaction that takes as long as it takes: where tables are
 * large and busy, run them before the new release starts. In PostgreSQL an index can then be made `concurrently`.
 *
 * @throws {WebhookError} `invalid_option` for another dialect, a wrong prefix, and a version that this release does not
 * know.
 *
 * @example writeFileSync('webhooks.sql', migrationSql('postgres'))
 * @example writeFileSync('upgrade.sql', migrationSql('postgres', { from: 2 }))
 */
export function migrationSql(dialect: Dialect, { prefix = DEFAULT_PREFIX, from = 0 }: MigrationOptions = {}): string {
  if (dialect !== 'sqlite' && dialect !== 'postgres') {
    throw new WebhookError('invalid_option', "migrationSql: dialect must be 'sqlite' or 'postgres'", {
      argument: 'dialect',
    })
  }
  const tables = nameTables(prefix, dialect)
  if (!(Number.isInteger(from) && from >= 0 && from <= SCHEMA_VERSION)) {
    throw new WebhookError('invalid_option', `from must be a version, 0 to ${SCHEMA_VERSION}`, { argument: 'from' })
  }
  const version = `insert into ${tables.meta} (name, value) values ('schema_version', ${SCHEMA_VERSION})
  on conflict (name) do update set value = excluded.value`
  return [createMeta(tables), ...migrationsFrom(from, tables, dialect), version].map(text => `${text};\n`).join('\n')
}

/**
 * Rows of deliveries are small, because one event may make a thousand of them: numbers stand for the event and the
 * lane, and what a delivery does not have yet takes no room. States: 0 waits, 1 under way, 2 waits behind another of
 * its order, 3 succeeded, 4 failed, 5 cancelled.
 */
function firstVersion(tables: Tables, dialect: Dialect): readonly string[] {
  const { endpoints, lanes, events, idempotency, deliveries, attempts, dedupe, indexPrefix } = tables
  const postgres = dialect === 'postgres'
  const number = (type: string): string =>
    postgres ? `${type} generated always as identity primary key` : 'integer primary key autoincrement'
  const blob = postgres ? 'bytea' : 'blob'
  const tuned = postgres
    ? ' with (autovacuum_vacuum_scale_factor = 0.05, autovacuum_analyze_scale_factor = 0.05)'
    : ' without rowid'
  // Tables that are made anew must not have a version that somebody remembers.
  const now = postgres ? 'extract(epoch from clock_timestamp())::bigint' : "cast(strftime('%s', 'now') as integer)"
  const index = (name: string, on: string): string => `create index ${indexPrefix}${name} on ${on}`
  return [
    `create table ${endpoints} (
  no ${number('bigint')},
  id text not null unique,
  tenant text,
  status text not null,
  updated_at_ms bigint not null,
  document text not null
)`,
    `create table ${lanes} (
  no ${number('integer')},
  direction smallint not null,
  name text not null,
  endpoint_id text not null,
  unique (direction, name, endpoint_id)
)`,
    index('lanes_endpoint', `${lanes} (endpoint_id)`),
    `create table ${events} (
  no ${number('bigint')},
  timestamp_ms bigint not null,
  created_at_ms bigint not null,
  id text not null unique,
  type text not null,
  tenant text,
  subject text,
  data text,
  metadata text not null
)`,
    index('events_subject', `${events} (subject, no) where subject is not null`),
    `create table ${idempotency} (
  created_at_ms bigint not null,
  scope text not null,
  key text not null,
  event_id text not null,
  primary key (scope, key)
)`,
    index('idempotency_keys_age', `${idempotency} (created_at_ms)`),
    `create table ${deliveries} (
  event_no bigint not null,
  due_at_ms bigint not null,
  ordinal integer not null,
  lane_no integer not null,
  direction smallint not null,
  state smallint not null,
  attempts integer,
  tries_used integer,
  crashes integer,
  is_test smallint,
  lease_until_ms bigint,
  finished_at_ms bigint,
  token text,
  order_key text,
  last_error text,
  external_id text,
  content_type text,
  body ${blob},
  primary key (event_no, ordinal)
)${tuned}`,
    index('deliveries_due', `${deliveries} (direction, lane_no, due_at_ms) where state = 0`),
    index('deliveries_lease', `${deliveries} (lease_until_ms) where state = 1`),
    index('deliveries_lane', `${deliveries} (lane_no, event_no)`),
    index('deliveries_failed', `${deliveries} (event_no, ordinal) where state = 4`),
    index(
      'deliveries_order',
      `${deliveries} (lane_no, order_key, state, event_no, ordinal) where order_key is not null and state < 3`,
    ),
    `create table ${attempts} (
  no ${number('bigint')},
  started_at_ms bigint not null,
  duration_ms double precision not null,
  direction smallint not null,
  succeeded smallint not null,
  is_test smallint not null,
  number integer not null,
  status integer,
  id text not null unique,
  endpoint_id text not null,
  delivery_id text,
  event_id text,
  event_type text,
  tenant text,
  subject text,
  method text not null,
  url text not null,
  request_headers text not null,
  request_body text not null,
  response_headers text not null,
  response_body text not null,
  error_code text,
  error_message text,
  external_id text
)`,
    index('attempts_time', `${attempts} (started_at_ms, no)`),
    index('attempts_endpoint', `${attempts} (endpoint_id, started_at_ms, no)`),
    index('attempts_delivery', `${attempts} (delivery_id) where delivery_id is not null`),
    `create table ${dedupe} (
  until_ms bigint not null,
  key text primary key,
  token text
)`,
    index('dedupe_until', `${dedupe} (until_ms)`),
    `insert into ${tables.meta} (name, value) values ('endpoints_version', ${now})`,
  ]
}

/** Failed deliveries are counted by the index alone. */
function causesOfFailure({ deliveries, indexPrefix }: Tables): readonly string[] {
  return [
    `alter table ${deliveries} add column cause text`,
    `create index ${indexPrefix}deliveries_cause on ${deliveries} (lane_no, cause, event_no, ordinal, finished_at_ms)
  where state = 4`,
  ]
}

/** Lists of one tenant read its rows only. A subject may be longer than a key of an index. */
function listsOfTenants({ events, attempts, indexPrefix }: Tables, dialect: Dialect): readonly string[] {
  // An index is dropped by its own name, in the schema of its table.
  const schema = dialect === 'postgres' ? events.slice(0, events.indexOf('.') + 1) : ''
  return [
    `create index ${indexPrefix}events_tenant on ${events} (tenant, no) where tenant is not null`,
    `create index ${indexPrefix}attempts_tenant on ${attempts} (tenant, started_at_ms, no) where tenant is not null`,
    `drop index ${schema}${indexPrefix}events_subject`,
    `create index ${indexPrefix}events_subject on ${events} (substr(subject, 1, ${MAX_KEY}), no) where subject is not null`,
  ]
}

/** What a delivery had behind it when somebody retried it. */
function retriesByHand({ deliveries }: Tables): readonly string[] {
  return [`alter table ${deliveries} add column attempts_before integer`]
}
