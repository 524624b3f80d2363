import { migrationSql as postgresSql, postgresStore } from 'crm-webhooks/storage/postgres'
import { migrationSql, sqliteStore } from 'crm-webhooks/storage/sqlite'
import Database from 'libsql'
import { describe, expect, it } from 'vitest'
import { filterDeliveries } from '../../src/storage/sql/delivery-filter.ts'
import { createMeta, migrationsFrom } from '../../src/storage/sql/migrations.ts'
import { nameTables } from '../../src/storage/sql/tables.ts'
import { claim, endpoint, newEvent, settlement } from '../../src/testing/store-contract/support.ts'
import { explain } from './sql-support.ts'

const tablesOf = (database: InstanceType<typeof Database>): string[] =>
  (database.prepare("select name from sqlite_master where type = 'table' order by name").all([]) as { name: string }[])
    .map(({ name }) => name)
    .filter(name => !name.startsWith('sqlite_'))

describe('migrations', () => {
  it('run when the store starts, once, and keep what is there', async () => {
    const database = new Database(':memory:')
    const first = sqliteStore(database)
    await Promise.all([first.start(), first.start()])
    await first.endpoints.insert(endpoint({ id: 'ep_1' }))
    const second = sqliteStore(database)
    await second.start()
    expect((await second.endpoints.get('ep_1'))?.id).toBe('ep_1')
    expect(tablesOf(database).length).toBe(8)
  })

  it('run with the first use, when nobody starts the store', async () => {
    const store = sqliteStore(new Database(':memory:'))
    await store.deliveries.enqueue([newEvent()])
    expect((await claim(store, 1)).length).toBe(1)
  })

  it('make the same tables when they are run by hand', async () => {
    const byHand = new Database(':memory:')
    byHand.exec(migrationSql('sqlite'))
    const bySelf = new Database(':memory:')
    await sqliteStore(bySelf).start()
    expect(tablesOf(byHand)).toEqual(tablesOf(bySelf))
    const store = sqliteStore(byHand)
    await store.deliveries.enqueue([newEvent()])
    expect((await claim(store, 1)).length).toBe(1)
  })

  it('keep the deliveries of the first version, whose failures have no cause yet', async () => {
    const database = new Database(':memory:')
    const before = sqliteStore(database)
    await before.deliveries.enqueue([newEvent([{ lane: 'a' }, { lane: 'b' }])])
    const failed = { next: { status: 'failed', atMs: 7 }, lastError: 'HTTP 500' } as const
    await before.deliveries.settle((await claim(before, 1)).map(one => settlement(one, failed)))
    // As the first version left them.
    database.exec('drop index webhook_events_tenant; drop index webhook_attempts_tenant')
    database.exec('drop index webhook_deliveries_cause')
    database.exec('alter table webhook_deliveries drop column cause')
    database.exec('alter table webhook_deliveries drop column attempts_before')
    database.exec("update webhook_meta set value = 1 where name = 'schema_version'")

    const store = sqliteStore(database)
    await store.start()
    const groups = await store.deliveries.failures({})
    expect(groups).toMatchObject([
      { cause: 'unknown', count: 1, newestAtMs: 7, sample: { lastError: 'HTTP 500' } },
      { cause: 'unknown', count: 1 },
    ])
    expect(await store.deliveries.discard({ cause: 'unknown', endpointId: 'a' }, 9)).toBe(1)
    expect(await store.deliveries.retry({ cause: 'unknown', endpointId: 'b' }, 9)).toBe(1)
  })

  it.each([1, 2, 3, 4])('lead from version %j to the current one when they are run by hand', version => {
    const tables = nameTables('webhook_', 'sqlite')
    const [all, later] = [migrationsFrom(0, tables, 'sqlite'), migrationsFrom(version, tables, 'sqlite')]
    const [database, fresh] = [new Database(':memory:'), new Database(':memory:')]
    for (const text of [createMeta(tables), ...all.slice(0, all.length - later.length)]) database.exec(text)
    database.exec(`insert into webhook_meta (name, value) values ('schema_version', ${version})`)
    database.exec(migrationSql('sqlite', { from: version }))
    fresh.exec(migrationSql('sqlite'))
    const parts = 'select sql from sqlite_master where sql is not null order by name'
    const versions = "select value from webhook_meta where name = 'schema_version'"
    for (const query of [parts, versions]) {
      expect(database.prepare(query).all([])).toEqual(fresh.prepare(query).all([]))
    }
  })

  it.each([-1, 0.5, 99, Number.NaN])('refuse to begin at version %j', from => {
    expect(() => migrationSql('sqlite', { from })).toThrow(expect.objectContaining({ code: 'invalid_option' }))
  })

  it('make an index for the lists of a tenant, and for subjects of any length', async () => {
    const database = new Database(':memory:')
    await sqliteStore(database).start()
    const plan = (sql: string): string =>
      (database.prepare(explain(sql)).all() as { detail: string }[]).map(({ detail }) => detail).join(' ')
    const attempts = 'select no from webhook_attempts where tenant = ? order by started_at_ms desc, no desc limit 51'
    expect(plan(attempts)).toMatch(/^SEARCH \S+ USING COVERING INDEX webhook_attempts_tenant \(tenant=\?\)$/)
    const events = 'select no from webhook_events where tenant = ? order by no desc limit 51'
    expect(plan(events)).toMatch(/^SEARCH \S+ USING COVERING INDEX webhook_events_tenant \(tenant=\?\)$/)
    const { parts } = filterDeliveries({ subject: 's' })
    expect(plan(`select no from webhook_events e where ${parts.join('?')}`)).toMatch(/INDEX webhook_events_subject/)
  })

  it('refuse tables of a newer release, and touch nothing', async () => {
    const database = new Database(':memory:')
    await sqliteStore(database).start()
    database.exec("update webhook_meta set value = 99 where name = 'schema_version'")
    const store = sqliteStore(database)
    await expect(store.start()).rejects.toMatchObject({ code: 'store_schema' })
    await expect(store.deliveries.enqueue([newEvent()])).rejects.toMatchObject({ code: 'store_schema' })
    const { value } = database.prepare("select value from webhook_meta where name = 'schema_version'").get([]) as {
      value: number
    }
    expect(value).toBe(99)
  })

  it('keep stores with other prefixes apart', async () => {
    const database = new Database(':memory:')
    const [one, other] = [sqliteStore(database, { prefix: 'one_' }), sqliteStore(database, { prefix: 'other_' })]
    await one.deliveries.enqueue([newEvent()])
    expect(await claim(other, 1)).toEqual([])
    expect((await claim(one, 1)).length).toBe(1)
  })

  it('refuse a schema in SQLite', () => {
    const refused: unknown = expect.objectContaining({ code: 'invalid_option', argument: 'prefix' })
    expect(() => sqliteStore(new Database(':memory:'), { prefix: 'aux1.webhook_' })).toThrow(refused)
    expect(() => migrationSql('sqlite', { prefix: 'aux1.webhook_' })).toThrow(refused)
    expect(postgresSql('postgres', { prefix: 'aux1.webhook_' })).toContain('create table aux1.webhook_events')
  })

  it.each(['a-b', 'a;drop table x', 'A_', '', 'x'.repeat(31), 'a.b.c_', '1a'])('refuse the prefix %j', prefix => {
    expect(() => sqliteStore(new Database(':memory:'), { prefix })).toThrow(
      expect.objectContaining({ code: 'invalid_option' }),
    )
    const client = { query: () => Promise.resolve({ rows: [] }) }
    expect(() => postgresStore(client, { prefix })).toThrow(expect.objectContaining({ code: 'invalid_option' }))
    expect(() => postgresSql('postgres', { prefix })).toThrow(expect.objectContaining({ code: 'invalid_option' }))
  })
})
