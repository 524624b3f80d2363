import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createSender, systemClock } from 'crm-webhooks'
import { type MemoryStoreOptions, memoryStore } from 'crm-webhooks/storage/memory'
import { migrationSql, type PostgresStoreOptions, postgresStore } from 'crm-webhooks/storage/postgres'
import { type SqliteStoreOptions, sqliteStore } from 'crm-webhooks/storage/sqlite'
import { scriptedTransport } from 'crm-webhooks/testing'
import Database from 'libsql'
import { Client, Pool } from 'pg'
import { afterAll, describe, expect, it } from 'vitest'
import { toStoreError } from '../../src/storage/sql/sqlite/driver.ts'
import { newEvent } from '../../src/testing/store-contract/support.ts'
import { guard } from '../outbound/support.ts'
import { startPostgres } from '../support/postgres.ts'

const KEY = 'a'.repeat(64)
const folder = mkdtempSync(join(tmpdir(), 'crm-webhooks-mistakes-'))
afterAll(() => rmSync(folder, { recursive: true }))

const refusal = (work: () => unknown): unknown => {
  try {
    work()
  } catch (error) {
    return error
  }
  return undefined
}
/** What JavaScript lets through. */
const untyped = <Options>(options: unknown): Options => options as Options

describe('options of stores', () => {
  const nothing = { query: async () => ({ rows: [] }) }
  const sqlite = (options: unknown) => () => sqliteStore('never.db', untyped<SqliteStoreOptions>(options))
  const postgres = (options: unknown) => () => postgresStore(nothing, untyped<PostgresStoreOptions>(options))
  const memory = (options: unknown) => () => memoryStore(untyped<MemoryStoreOptions>(options))

  it.each([
    ['encrypton', sqlite({ encrypton: { keys: [KEY] } }), 'did you mean encryption'],
    ['encryption.key', sqlite({ encryption: { key: KEY } }), 'did you mean keys'],
    ['encryption', sqlite({ encryption: KEY }), 'must be an object'],
    ['encryption', sqlite({ encryption: '' }), 'must be an object'],
    ['encryption', postgres({ encryption: false }), 'must be an object'],
    ['options', sqlite('x'), 'must be an object'],
    ['busyTimeoutSeconds', sqlite({ busyTimeoutSeconds: '5' }), 'number'],
    ['database', () => sqliteStore('postgres://db.example.com/app'), 'take postgresStore'],
    ['database', () => sqliteStore('file:webhooks.db'), 'is a URL'],
    ['poolermode', postgres({ poolermode: 'transaction' }), 'did you mean poolerMode'],
    ['poolerMode', postgres({ poolerMode: 'statement' }), "'session' or 'transaction'"],
    ['listen', postgres({ listen: 'yes' }), 'true or false'],
    ['timeoutSeconds', postgres({ timeoutSeconds: '1' }), 'number'],
    ['maxAttempts', memory({ maxAttempts: -1 }), 'number from 0'],
    ['maxDedupeEntries', memory({ maxDedupeEntries: '5' }), 'number from 0'],
    ['maxDedupe', memory({ maxDedupe: 1 }), 'not an option'],
    ['dialect', () => migrationSql(untyped(undefined)), "'sqlite' or 'postgres'"],
    ['dialect', () => migrationSql(untyped('mysql')), "'sqlite' or 'postgres'"],
  ])('refuses a wrong %s', (argument, build, message) => {
    expect(refusal(build)).toMatchObject({
      code: 'invalid_option',
      argument,
      message: expect.stringContaining(message) as unknown,
    })
  })

  it('takes a variable of the environment as a key, and says when it is not set', () => {
    const keys = [process.env.CRM_WEBHOOKS_NO_SUCH_KEY]
    expect(refusal(sqlite({ encryption: { keys } }))).toMatchObject({
      code: 'invalid_secret',
      message: expect.stringContaining('environment variable') as unknown,
    })
    expect(refusal(() => sqliteStore('never.db', { encryption: { keys: [KEY, undefined] } }))).toBeDefined()
    expect(refusal(sqlite({ encryption: { keys: [] } }))).toMatchObject({ code: 'invalid_secret' })
    expect(refusal(sqlite({ encryption: { keys: [KEY, KEY] } }))).toBeUndefined()
  })

  it('refuses ages that prune does not know', async () => {
    const store = sqliteStore(':memory:')
    const wrong = [untyped<object>({ attemptsOlderThan: 5 }), untyped<object>(undefined)]
    const errors = await Promise.all(wrong.map(options => store.prune(options).catch((error: unknown) => error)))
    expect(errors).toMatchObject([
      { code: 'invalid_option', argument: 'attemptsOlderThan' },
      { code: 'invalid_option', argument: 'options' },
    ])
    await store.close()
  })

  it('says that the memory store has no transactions', async () => {
    const enqueued = memoryStore().deliveries.enqueue([newEvent()], { transaction: {} })
    await expect(enqueued).rejects.toMatchObject({ code: 'unsupported', argument: 'transaction' })
  })
})

describe('errors of a file', () => {
  const start = async (path: string): Promise<unknown> => {
    const store = sqliteStore(path)
    const error = await store.start().catch((failure: unknown) => failure)
    await store.close()
    return error
  }

  it('name it, where it is the wrong one', async () => {
    const missing = join(folder, 'no-such-folder', 'webhooks.db')
    const text = join(folder, 'text.db')
    writeFileSync(text, 'This is not a database. '.repeat(100))
    for (const path of [missing, text, folder]) {
      expect(await start(path)).toMatchObject({
        code: 'store_unavailable',
        argument: 'database',
        message: expect.stringContaining(`(${path})`) as unknown,
      })
    }
  })

  it('name it, where it takes no writes, and not where they are about a row', () => {
    const failure = (text: string, code: string): unknown =>
      toStoreError(Object.assign(new Error(text), { code }), 'webhooks.db')
    expect(failure('attempt to write a readonly database', 'SQLITE_READONLY')).toMatchObject({
      code: 'store_read_only',
      message: 'SQLite: attempt to write a readonly database (webhooks.db)',
    })
    expect(failure('UNIQUE constraint failed', 'SQLITE_CONSTRAINT')).toMatchObject({
      message: 'SQLite: UNIQUE constraint failed',
    })
  })

  it('name the handle that has a transaction open, and the way to hand it over', async () => {
    const database = new Database(':memory:')
    const store = sqliteStore(database, { busyTimeoutSeconds: 0 })
    await store.start()
    const sender = createSender({ guard, transport: scriptedTransport([], systemClock), store })
    database.exec('begin')
    const message = expect.stringContaining("the store's own handle") as unknown
    await expect(sender.publish('lead.created', {})).rejects.toMatchObject({ code: 'store_unavailable', message })
    database.exec('rollback')
    const why = expect.stringContaining('transaction() of the drivers') as unknown
    const late = sender.publish('lead.created', {}, { transaction: database })
    await expect(late).rejects.toMatchObject({ argument: 'transaction', message: why })
    await store.close()
  })
})

const server = await startPostgres()
afterAll(() => server?.stop())

describe.skipIf(server === undefined)('errors of PostgreSQL', () => {
  it('say how tables are made without the right to make them', async () => {
    const pool = new Pool({ connectionString: server?.url, max: 1 })
    const role = `nobody_${process.pid}`
    await pool.query(`create role ${role}; create schema ${role}_own; set role ${role}`)
    const store = postgresStore(pool, { prefix: `${role}_own.webhook_`, listen: false })
    const message = expect.stringMatching(/permission denied.*migrationSql/) as unknown
    await expect(store.start()).rejects.toMatchObject({ code: 'store_refused', message })
    await store.close()
    await pool.query(`reset role; drop schema ${role}_own cascade; drop role ${role}`)
    await pool.end()
  })

  it('say that a client may not be connected', async () => {
    const store = postgresStore(new Client({ connectionString: server?.url }), { timeoutSeconds: 0.05, listen: false })
    const message = expect.stringContaining('connect()') as unknown
    await expect(store.start()).rejects.toMatchObject({ code: 'store_unavailable', message })
  })

  it('say that a transaction has failed already', async () => {
    const pool = new Pool({ connectionString: server?.url })
    const store = postgresStore(pool, { listen: false })
    await store.start()
    const client = await pool.connect()
    await client.query('begin')
    await client.query('select 1 / 0').catch(() => undefined)
    const enqueued = store.deliveries.enqueue([newEvent()], { transaction: client })
    await expect(enqueued).rejects.toMatchObject({ code: 'store_refused' })
    await client.query('rollback')
    client.release()
    await store.close()
    await pool.end()
  })
})
