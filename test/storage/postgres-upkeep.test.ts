import { inspect } from 'node:util'
import { type PostgresClient, postgresStore, type SqlStore } from 'crm-webhooks/storage/postgres'
import { Pool, type PoolClient } from 'pg'
import { afterAll, describe, expect, it, vi } from 'vitest'
import { attempt, backlog, claim, idsOf, newEvent, settlement } from '../../src/testing/store-contract/support.ts'
import { recordingLogger } from '../support/acme.ts'
import { startPostgres } from '../support/postgres.ts'
import { emptied } from './sql-support.ts'

const server = await startPostgres()
const pool = new Pool({ connectionString: server?.url, max: 10 })
afterAll(async () => {
  await pool.end()
  await server?.stop()
})

const BODY = { bytes: new TextEncoder().encode('{"deal":42}'), contentType: 'application/json' }
const clock = { now: () => 1_000, setTimer: () => () => undefined }
const later = { now: () => 1_000_000, setTimer: () => () => undefined }

/** The pool, with something to be done before each statement. */
function watched(before: (text: string) => Promise<void>): PostgresClient {
  const watchedClient = (client: PoolClient): unknown => ({
    async query(text: string, values?: unknown[]) {
      await before(text)
      return client.query(text, values)
    },
    release: (broken?: boolean) => client.release(broken),
  })
  return {
    totalCount: 0,
    connect: async () => watchedClient(await pool.connect()),
    query: (text: string, values?: unknown[]) => pool.query(text, values),
  } as PostgresClient
}

/** An event whose only delivery has failed. */
async function failed(store: SqlStore): Promise<string> {
  const event = newEvent([{ lane: 'a' }], { data: '{"deal":42}' })
  await store.deliveries.enqueue([event])
  const claimed = await claim(store, 1_000)
  const next = { status: 'failed', atMs: 1, body: BODY } as const
  await store.deliveries.settle(claimed.map(one => settlement(one, { next })))
  return idsOf(event)[0] ?? ''
}

/** Resolves when so many connections wait for a lock. */
async function waitsForLock(): Promise<void> {
  const waiting = "select 1 from pg_stat_activity where wait_event_type = 'Lock' and state = 'active'"
  await expect.poll(async () => (await pool.query(waiting)).rows.length, { interval: 5 }).toBeGreaterThan(0)
}

describe.skipIf(server === undefined)('pruning in PostgreSQL', () => {
  it.each([
    ['payloadsOlderThanSeconds', 'update webhook_events'],
    ['eventsOlderThanSeconds', 'delete from webhook_events'],
  ])('leaves nothing to be sent of what a retry comes too late for: %s', async (option, statement) => {
    const store = await emptied(postgresStore(pool, { clock }), pool)
    await failed(store)
    let retried: Promise<number> | undefined
    const pruner = postgresStore(
      watched(async text => {
        if (retried !== undefined || !text.startsWith(statement)) return
        retried = store.deliveries.retry({ status: 'failed' }, 0)
        await waitsForLock()
      }),
      { clock: later, listen: false },
    )
    const pruned = await pruner.prune({ [option]: 0 })
    expect(pruned.events + pruned.payloads).toBe(1)
    expect(await retried).toBe(0)
    expect(await claim(store, 2_000)).toEqual([])
  })

  it.each(['payloadsOlderThanSeconds', 'eventsOlderThanSeconds'])(
    'takes nothing away from what is being retried: %s',
    async option => {
      const store = await emptied(postgresStore(pool, { clock }), pool)
      const id = await failed(store)
      const pruner = postgresStore(pool, { clock: later, listen: false })
      let pruned: Promise<unknown> | undefined
      const retrier = postgresStore(
        watched(async text => {
          if (text !== 'commit' || pruned !== undefined) return
          pruned = pruner.prune({ [option]: 0 })
          await pruned
        }),
        { clock, listen: false },
      )
      expect(await retrier.deliveries.retry({ ids: [id] }, 0)).toBe(1)
      expect(await pruned).toMatchObject({ events: 0, payloads: 0 })
      const [again] = await claim(store, 2_000)
      expect([again?.event.data, again?.delivery.body]).toEqual(['{"deal":42}', BODY])
    },
  )

  it('takes away no id that is claimed anew meanwhile', async () => {
    const store = await emptied(postgresStore(pool, { clock }), pool)
    await store.dedupe.claim('k', { nowMs: 1_000, claimUntilMs: 1_500 })
    const other = await pool.connect()
    // As another process claims it, which is about to commit.
    await other.query('begin')
    await other.query("update webhook_dedupe set token = 'theirs', until_ms = 2000000 where key = 'k'")
    const pruned = postgresStore(pool, { clock: later, listen: false }).prune({})
    await waitsForLock()
    await other.query('commit')
    other.release()
    expect((await pruned).dedupeEntries).toBe(0)
    expect(await store.dedupe.claim('k', { nowMs: 1_000_000, claimUntilMs: 1_001_000 })).toEqual({
      state: 'in_progress',
      untilMs: 2_000_000,
    })
  })

  it('asks a few times, however much there is', async () => {
    const store = await emptied(postgresStore(pool, { clock }), pool)
    for (let i = 0; i < 3; i++) await store.deliveries.enqueue(Array.from({ length: 500 }, () => newEvent([])))
    await store.deliveries.enqueue([newEvent()])
    let asked = 0
    const far = postgresStore(
      watched(async () => {
        asked++
      }),
      { clock: later, listen: false },
    )
    await far.start()
    asked = 0
    expect(await far.prune({ payloadsOlderThanSeconds: 0 })).toMatchObject({ payloads: 1_500 })
    expect(await far.prune({ eventsOlderThanSeconds: 0 })).toMatchObject({ events: 1_500 })
    expect(asked).toBeLessThan(40)
    expect((await store.deliveries.list({})).items.length).toBe(1)
  })
})

describe.skipIf(server === undefined)('migrations in PostgreSQL', () => {
  it('stay in the schema that is named', async () => {
    await pool.query('create schema side')
    const store = postgresStore(pool, { clock, prefix: 'side.hook_' })
    await store.deliveries.enqueue([newEvent([{}], { subject: 's' })])
    expect((await store.deliveries.list({ subject: 's' })).items.length).toBe(1)
    await pool.query('drop schema side cascade')
  })

  it('take as long as they take, while others are told in time', async () => {
    await emptied(postgresStore(pool, { clock }), pool)
    await pool.query('drop index webhook_events_tenant, webhook_attempts_tenant')
    await pool.query('alter table webhook_deliveries drop column attempts_before')
    await pool.query("update webhook_meta set value = 2 where name = 'schema_version'")
    const reader = await pool.connect()
    await reader.query('begin; select 1 from webhook_events')
    const store = postgresStore(pool, { clock, timeoutSeconds: 0.2, listen: false })
    const started = store.start()
    await expect(store.deliveries.enqueue([newEvent()])).rejects.toMatchObject({ code: 'store_unavailable' })
    await expect(store.deliveries.list({})).rejects.toMatchObject({ code: 'store_unavailable' })
    await reader.query('rollback')
    reader.release()
    await started
    expect(await store.deliveries.enqueue([newEvent()])).toEqual([{ stored: true }])
  })
})

describe.skipIf(server === undefined)('a host whose clock is a day ahead of PostgreSQL', () => {
  const ahead = async (use: (other: SqlStore) => Promise<void>): Promise<void> => {
    const right = Date.now
    vi.spyOn(Date, 'now').mockImplementation(() => right() + 86_400_000)
    try {
      await use(postgresStore(pool, { listen: false }))
    } finally {
      vi.restoreAllMocks()
    }
  }

  it('prunes by the time of the server', async () => {
    const store = await emptied(postgresStore(pool), pool)
    await store.deliveries.enqueue([newEvent([])])
    await store.dedupe.claim('k', { nowMs: Date.now(), claimUntilMs: Date.now() + 60_000 })
    await ahead(async other => {
      expect(await other.prune({ eventsOlderThanSeconds: 3_600 })).toMatchObject({ events: 0, dedupeEntries: 0 })
    })
  })

  it('sees what others are handling', async () => {
    const store = await emptied(postgresStore(pool), pool)
    const times = () => ({ nowMs: Date.now(), claimUntilMs: Date.now() + 60_000 })
    await store.dedupe.claim('k', times())
    await ahead(async other => {
      expect((await other.dedupe.claim('k', times())).state).toBe('in_progress')
    })
  })

  it('publishes what is due now, also when it only ever publishes in transactions', async () => {
    const store = await emptied(postgresStore(pool), pool)
    await ahead(async other => {
      const host = await pool.connect()
      await host.query('begin')
      await other.deliveries.enqueue([newEvent([{ dueAtMs: Date.now() }])], { transaction: host })
      await host.query('commit')
      host.release()
    })
    expect((await claim(store, Date.now() + 10_000)).length).toBe(1)
  })
})

describe.skipIf(server === undefined)('a pool of one connection', () => {
  it('works, without one that listens', async () => {
    await emptied(postgresStore(pool, { clock }), pool)
    const own = new Pool({ connectionString: server?.url, max: 1 })
    const logger = recordingLogger()
    const store = postgresStore(own, { clock, logger, timeoutSeconds: 5 })
    const stops = [1, 2].map(() => store.deliveries.onEnqueued?.(() => undefined))
    await store.deliveries.enqueue([newEvent()])
    expect((await claim(store, 1_000)).length).toBe(1)
    expect(logger.lines.map(({ level }) => level)).toEqual(['warn'])
    for (const stop of stops) stop?.()
    await store.close()
    await own.end()
  })
})

describe.skipIf(server === undefined)('reading from PostgreSQL in vain', () => {
  it('leaves no doubt that nothing was written', async () => {
    await emptied(postgresStore(pool, { clock }), pool)
    const store = postgresStore(pool, { clock, timeoutSeconds: 0.2, listen: false })
    await store.start()
    const other = await pool.connect()
    await other.query('begin; lock table webhook_deliveries in access exclusive mode')
    for (const read of [
      () => store.deliveries.failures({}),
      () => store.deliveries.nextDueAtMs({ direction: 'outbound' }),
    ]) {
      await expect(read()).rejects.toMatchObject({ code: 'store_unavailable' })
    }
    await other.query('rollback')
    other.release()
  })
})

describe.skipIf(server === undefined)('a claim in several rounds, one of which the server undoes', () => {
  it('hands out what the others brought', async () => {
    const store = await emptied(postgresStore(pool, { clock }), pool)
    await store.deliveries.enqueue([...backlog('a', 10), ...backlog('b', 1)])
    let rounds = 0
    const other = postgresStore(
      watched(async text => {
        if (!text.startsWith('with recursive') || ++rounds !== 2) return
        throw Object.assign(new Error('could not serialize access'), { code: '40001' })
      }),
      { clock, listen: false },
    )
    const claimed = await claim(other, 1_000, { limit: 10 })
    expect(new Set(claimed.map(({ delivery }) => delivery.id)).size).toBe(10)
    expect((await claim(store, 1_000)).length).toBe(1)
  })
})

describe.skipIf(server === undefined)('what PostgreSQL refuses', () => {
  it('is refused alone: a row that is too long for an index', async () => {
    const store = await emptied(postgresStore(pool, { clock }), pool)
    await pool.query('create index too_short on webhook_events (type)')
    try {
      const long = Array.from({ length: 9_000 }, () => Math.random().toString(36)[3] ?? 'x').join('')
      const results = await Promise.allSettled([
        store.deliveries.enqueue([newEvent([{}], { type: long })]),
        store.deliveries.enqueue([newEvent()]),
      ])
      expect(results.map(({ status }) => status)).toEqual(['rejected', 'fulfilled'])
      expect(results[0]).toMatchObject({ reason: { code: 'store_refused' } })
    } finally {
      await pool.query('drop index too_short')
    }
  })

  it('is not repeated in an error, but for the code', async () => {
    const store = await emptied(postgresStore(pool, { clock }), pool)
    await pool.query(`alter table webhook_events add constraint no_canary check (data not like '%canary%')`)
    try {
      const refused: ReadonlyArray<readonly [code: string, write: () => Promise<unknown>]> = [
        ['22P02', () => store.attempts.insert([attempt({ durationMs: 'canary-1' as never })])],
        ['23514', () => store.deliveries.enqueue([newEvent([{}], { data: 'canary-2' })])],
      ]
      for (const [code, write] of refused) {
        const error: unknown = await write().catch((reason: unknown) => reason)
        expect(error).toMatchObject({ code: 'store_refused', cause: { code } })
        expect(inspect(error, { depth: 9 })).not.toContain('canary-')
      }
    } finally {
      await pool.query('alter table webhook_events drop constraint no_canary')
    }
  })
})

describe.skipIf(server === undefined)('encryption in PostgreSQL', () => {
  it('is done anew for bodies, too', async () => {
    const [key, other] = ['11'.repeat(32), '22'.repeat(32)]
    const first = await emptied(postgresStore(pool, { clock, encryption: { keys: [key] } }), pool)
    const id = await failed(first)
    const both = postgresStore(pool, { clock, encryption: { keys: [other, key] } })
    expect(await both.reencrypt()).toEqual({ endpoints: 0, bodies: 1, unreadable: 0 })
    expect(await both.reencrypt()).toEqual({ endpoints: 0, bodies: 0, unreadable: 0 })
    const second = postgresStore(pool, { clock, encryption: { keys: [other] } })
    expect((await second.deliveries.get(id))?.delivery.body).toEqual(BODY)
    expect((await first.deliveries.get(id))?.delivery.body).toBe(undefined)
  })
})
