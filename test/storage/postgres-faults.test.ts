import { createSender } from 'crm-webhooks'
import { type PostgresClient, postgresStore } from 'crm-webhooks/storage/postgres'
import { Client, Pool, type PoolConfig } from 'pg'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { claim, newEvent, settlement } from '../../src/testing/store-contract/support.ts'
import { endpoint, guard } from '../outbound/support.ts'
import { recordingLogger } from '../support/acme.ts'
import { inOwnSchema, startPostgres } from '../support/postgres.ts'
import { emptied } from './sql-support.ts'

const server = await startPostgres()
const schema = server && (await inOwnSchema(server.url))
const open: Pool[] = []
const pool = poolWith()

/** A pool whose sessions begin with some settings. */
function poolWith(settings: string[] = [], more: PoolConfig = {}): Pool {
  const url = new URL(schema?.url ?? 'postgres://127.0.0.1:1/none')
  const given = url.searchParams.get('options') ?? ''
  url.searchParams.set('options', [given, ...settings.map(setting => `-c ${setting}`)].join(' ').trim())
  const made = new Pool({ connectionString: url.href, max: 4, ...more })
  open.push(made)
  return made
}

afterAll(async () => {
  await Promise.all(open.map(one => one.end()))
  await schema?.stop()
  await server?.stop()
})

/** What leads to a pool, with something that happens after each statement. */
function leading(to: () => Pool, { after }: { after(text: string): void }): PostgresClient {
  return {
    totalCount: 0,
    async connect() {
      const client = await to().connect()
      return {
        async query(text: string, values?: unknown[]) {
          const result = await client.query(text, values)
          after(text)
          return result
        },
        release: (broken?: boolean) => client.release(broken),
      }
    },
    query: (text: string, values?: unknown[]) => to().query(text, values),
  } as PostgresClient
}

describe.skipIf(server === undefined)('PostgreSQL in trouble', () => {
  beforeEach(async () => {
    await emptied(postgresStore(pool), pool)
  })

  it('warns when what it answers may be lost', async () => {
    const logger = recordingLogger()
    await postgresStore(poolWith(['synchronous_commit=off']), { logger }).start()
    expect(logger.lines.map(({ message }) => message)).toEqual([
      expect.stringContaining('synchronous_commit is off in this database'),
    ])
    const { rows } = await pool.query("select current_setting('fsync') as fsync")
    const quiet = recordingLogger()
    await postgresStore(pool, { logger: quiet }).start()
    expect(quiet.lines.length).toBe((rows[0] as { fsync: string }).fsync === 'off' ? 1 : 0)
  })

  it('says when a write may have happened, and when it has not', async () => {
    const store = postgresStore(poolWith(), { timeoutSeconds: 0.5 })
    await store.deliveries.enqueue([newEvent()])
    const other = await pool.connect()
    await other.query('begin; lock table webhook_events in access exclusive mode')
    await expect(store.deliveries.enqueue([newEvent()])).rejects.toMatchObject({ code: 'store_outcome_unknown' })
    await expect(store.deliveries.list({})).rejects.toMatchObject({ code: 'store_unavailable' })
    await other.query('rollback')
    other.release()
    const nowhere = new Pool({ connectionString: 'postgres://postgres@127.0.0.1:1/none' })
    const absent = postgresStore(nowhere).deliveries.enqueue([newEvent()])
    await expect(absent).rejects.toMatchObject({ code: 'store_unavailable' })
    await nowhere.end()
  })

  it('does not say that nothing was stored when it cannot connect for what comes after that', async () => {
    const nowhere = new URL(schema?.url ?? '')
    nowhere.pathname = '/none'
    const [right, wrong] = [poolWith(), new Pool({ connectionString: nowhere.href })]
    let current = right
    const store = postgresStore(
      leading(() => current, {
        after: text => {
          if (text.includes('insert into webhook_events')) current = wrong
        },
      }),
      { listen: false },
    )
    const key = { idempotencyKey: 'k' }
    await store.deliveries.enqueue([newEvent([{}], key)])
    current = right
    // Written together; then it is asked for the event that has the key.
    const results = await Promise.allSettled([
      store.deliveries.enqueue([newEvent()]),
      store.deliveries.enqueue([newEvent([{}], key)]),
    ])
    const unknown = { status: 'rejected', reason: { code: 'store_outcome_unknown' } }
    expect(results).toMatchObject([unknown, unknown])
    current = right
    expect((await store.deliveries.list({})).items.length).toBe(2)
    await wrong.end()
  })

  it('takes no delivery for one that a worker died with when the answer to a claim was lost', async () => {
    const lossy = { after: (): void => undefined }
    const store = postgresStore(
      leading(() => pool, { after: () => lossy.after() }),
      { clock: { now: () => 1, setTimer: () => () => undefined }, listen: false },
    )
    await store.deliveries.enqueue([newEvent([{ lane: 'a' }]), newEvent([{ lane: 'b', ordered: true }])])
    for (let i = 0; i < 3; i++) {
      lossy.after = () => {
        throw new Error('Connection terminated unexpectedly')
      }
      await expect(claim(store, 1)).rejects.toMatchObject({ code: 'store_outcome_unknown' })
      lossy.after = () => undefined
      const claimed = await claim(store, 2)
      expect(claimed.map(({ delivery }) => [delivery.lane, delivery.crashes]).sort()).toEqual([
        ['a', 0],
        ['b', 0],
      ])
      const next = { status: 'returned', dueAtMs: 1 } as const
      await store.deliveries.settle(claimed.map(one => settlement(one, { next })))
    }
  })

  it('gives back what was stored claimed when the answer to that was lost', async () => {
    let isLossy = false
    const after = (text: string): void => {
      if (isLossy && text.includes('insert into webhook_events')) throw new Error('Connection terminated unexpectedly')
    }
    const clock = { now: () => 1, setTimer: () => () => undefined }
    const store = postgresStore(
      leading(() => pool, { after }),
      { clock, listen: false },
    )
    const claimedBy = (token: string) => newEvent([{ lane: token, claim: { token, leaseUntilMs: 60_000 } }])
    await store.deliveries.enqueue([claimedBy('heard')])
    isLossy = true
    await expect(store.deliveries.enqueue([claimedBy('lost')])).rejects.toMatchObject({ code: 'store_outcome_unknown' })
    const claimed = await claim(store, 2)
    expect(claimed.map(({ delivery }) => [delivery.lane, delivery.crashes])).toEqual([['lost', 0]])
    expect(await store.deliveries.renew(['heard'], 90_000)).toEqual([])
  })

  it('gives up a connection that does not answer, so that the pool has room', async () => {
    const small = poolWith([], { max: 1 })
    const store = postgresStore(small, { timeoutSeconds: 0.5, listen: false })
    await store.deliveries.enqueue([newEvent()])
    const other = await pool.connect()
    await other.query('begin; lock table webhook_events in access exclusive mode')
    await expect(store.deliveries.enqueue([newEvent()])).rejects.toMatchObject({ code: 'store_outcome_unknown' })
    // Without the lock being given back: a new connection can be used.
    expect((await small.query('select 1 as one')).rows).toEqual([{ one: 1 }])
    await other.query('rollback')
    other.release()
    expect(await store.deliveries.enqueue([newEvent()])).toEqual([{ stored: true }])
  })

  it('ends the waiting of publish in the time that was set', async () => {
    const other = await pool.connect()
    const store = postgresStore(poolWith(), { timeoutSeconds: 30 })
    const transport = { send: () => Promise.reject(new Error('nothing is sent here')) }
    const sender = createSender({ guard, transport, store, storeTimeoutSeconds: 0.5 })
    await sender.endpoints.create(endpoint({ events: ['*'] }))
    await sender.publish('a.b', {})
    await other.query('begin; lock table webhook_deliveries in access exclusive mode')
    const published = sender.publish('a.b', {}, { idempotencyKey: 'k' })
    await expect(published).rejects.toMatchObject({ code: 'store_outcome_unknown' })
    await other.query('rollback')
    other.release()
    // It was stored after all, as the code says that it may be: the key finds it.
    await expect
      .poll(async () => (await store.deliveries.list({})).items.length, { timeout: 10_000 })
      .toBeGreaterThanOrEqual(2)
    expect(await sender.publish('a.b', {}, { idempotencyKey: 'k' })).toMatchObject({ duplicate: true })
  })

  it.each([
    ['a statement that takes too long', ['statement_timeout=200']],
    ['a lock that is not given', ['lock_timeout=200']],
  ])('rejects with a code, and goes on afterwards: %s', async (_, settings) => {
    const store = postgresStore(poolWith(settings))
    await store.deliveries.enqueue([newEvent()])
    const other = await pool.connect()
    await other.query('begin; lock table webhook_events in access exclusive mode')
    await expect(store.deliveries.enqueue([newEvent()])).rejects.toMatchObject({ code: 'store_unavailable' })
    await other.query('rollback')
    other.release()
    expect(await store.deliveries.enqueue([newEvent()])).toEqual([{ stored: true }])
  })

  it('waits while the database takes no writes, and goes on when it does', async () => {
    const [readOnly, readWrite] = [poolWith(['default_transaction_read_only=on']), poolWith()]
    let current = readWrite
    // As behind a name that leads to the standby for a while.
    const switching = {
      totalCount: 0,
      connect: () => current.connect(),
      query: (text: string, values?: unknown[]) => current.query(text, values),
    }
    const sent: string[] = []
    const transport = {
      async send({ headers }: { readonly headers: Readonly<Record<string, string>> }) {
        sent.push(headers['webhook-id'] ?? '')
        return { ok: true, status: 200, headers: {}, body: new Uint8Array(), truncated: false, durationMs: 0 } as const
      },
    }
    const logger = recordingLogger()
    const sender = createSender({ guard, transport, store: postgresStore(switching, { listen: false }), logger })
    await sender.endpoints.create(endpoint({ events: ['*'] }))
    await sender.publish('a.b', {})
    current = readOnly
    await expect(sender.publish('a.b', {})).rejects.toMatchObject({ code: 'store_read_only' })
    sender.start()
    await expect.poll(() => logger.lines.length, { timeout: 10_000 }).toBeGreaterThan(0)
    expect(sent).toEqual([])
    current = readWrite
    await expect.poll(() => sent.length, { timeout: 10_000 }).toBe(1)
    await sender.stop()
  })

  it('has a code for too many connections, and goes on when there is one', async () => {
    const { rows } = await pool.query('select rolsuper from pg_roles where rolname = current_user')
    if (!(rows[0] as { rolsuper: boolean }).rolsuper) return
    const role = `limited_${process.pid}`
    await pool.query(`create role ${role} login password 'x' connection limit 1`)
    const { rows: schemas } = await pool.query('select current_schema() as name')
    const { name } = schemas[0] as { name: string }
    await pool.query(`grant all on schema ${name} to ${role}; grant all on all tables in schema ${name} to ${role}`)
    const url = new URL(schema?.url ?? '')
    url.username = role
    url.password = 'x'
    const only = new Client({ connectionString: url.href })
    await only.connect()
    const limited = new Pool({ connectionString: url.href, max: 2 })
    const store = postgresStore(limited)
    await expect(store.deliveries.list({})).rejects.toMatchObject({ code: 'store_unavailable' })
    await only.end()
    await expect.poll(() => store.deliveries.list({}).then(() => 'went on'), { timeout: 10_000 }).toBe('went on')
    await limited.end()
    await pool.query(`drop owned by ${role}; drop role ${role}`)
  })

  it('tries again by itself what the server undid because of a deadlock', async () => {
    const store = postgresStore(poolWith(['deadlock_timeout=100ms']))
    const [one, two] = [newEvent(), newEvent()]
    await store.deliveries.enqueue([one, two])
    const claimed = await claim(store, 1)
    await store.deliveries.settle(claimed.map(each => settlement(each, { next: { status: 'failed', atMs: 1 } })))
    const other = await pool.connect()
    await other.query("set deadlock_timeout = '60s'; begin")
    const touch = 'update webhook_deliveries set due_at_ms = due_at_ms where event_no = $1'
    await other.query(touch, [2])
    const ids = [one, two].map(({ event }) => `${event.id}_0`)
    const retried = store.deliveries.retry({ ids }, 1)
    await expect
      .poll(async () => (await pool.query('select 1 from pg_locks where not granted')).rows.length, { timeout: 10_000 })
      .toBeGreaterThan(0)
    // Now each waits for the other; the server ends the one that looks first.
    await other.query(touch, [1])
    await other.query('commit')
    other.release()
    expect(await retried).toBe(2)
  })

  it('loses nothing where every transaction is serializable', async () => {
    const stores = Array.from({ length: 3 }, () =>
      postgresStore(poolWith(['default_transaction_isolation=serializable'])),
    )
    const seen = new Set<string>()
    const insist = async <Result>(ask: () => Promise<Result>): Promise<Result> => {
      for (;;) {
        try {
          return await ask()
        } catch (error) {
          // After four tries it is the worker's turn to try again.
          expect((error as { readonly code?: unknown }).code).toBe('store_unavailable')
        }
      }
    }
    const work = async (store: (typeof stores)[number]): Promise<void> => {
      for (let i = 0; i < 20; i++) await insist(() => store.deliveries.enqueue([newEvent()]))
      while (seen.size < 60) {
        const claimed = await insist(() => claim(store, 1, { limit: 5 }))
        const changed = await insist(() => store.deliveries.settle(claimed.map(one => settlement(one))))
        claimed.forEach((one, i) => {
          if (changed[i] === true) seen.add(one.delivery.id)
        })
      }
    }
    await Promise.all(stores.map(work))
    expect(seen.size).toBe(60)
  })

  it('makes dropped tables anew, says so, and stores what comes next', async () => {
    const logger = recordingLogger()
    const store = postgresStore(poolWith(), { prefix: 'gone_', logger })
    await store.deliveries.enqueue([newEvent([{ lane: 'other' }]), newEvent([{ lane: 'kept' }])])
    const { rows } = await pool.query("select tablename from pg_tables where tablename like 'gone\\_%'")
    await pool.query(`drop table ${rows.map(row => (row as { tablename: string }).tablename).join(', ')}`)
    await expect(store.deliveries.enqueue([newEvent()])).rejects.toMatchObject({ code: 'store_schema' })
    await store.deliveries.enqueue([newEvent([{ lane: 'kept' }])])
    // Numbers of lanes that were known before are not used again.
    expect((await claim(store, 1)).map(({ delivery }) => delivery.lane)).toEqual(['kept'])
    expect(logger.lines.map(({ level, message }) => `${level}: ${message}`)).toEqual([
      expect.stringMatching(/^error: .*What was in them is lost$/),
    ])
  })

  it('asks a single client one thing at a time, its own transaction and listening included', async () => {
    const warnings: Error[] = []
    const hear = (warning: Error): void => void warnings.push(warning)
    process.on('warning', hear)
    const client = new Client({ connectionString: schema?.url })
    await client.connect()
    const store = postgresStore(client)
    await store.start()
    const stop = store.deliveries.onEnqueued?.(() => undefined)
    await Promise.all(Array.from({ length: 5 }, () => store.deliveries.list({})))
    stop?.()
    const host = await pool.connect()
    await host.query('begin')
    const inside = Array.from({ length: 5 }, () => store.deliveries.enqueue([newEvent()], { transaction: host }))
    expect((await Promise.all(inside)).flat()).toEqual(Array.from({ length: 5 }, () => ({ stored: true })))
    await host.query('commit')
    host.release()
    expect((await store.deliveries.list({})).items.length).toBe(5)
    await store.close()
    await client.end()
    expect(warnings.map(({ message }) => message)).toEqual([])
    process.off('warning', hear)
  })
})
