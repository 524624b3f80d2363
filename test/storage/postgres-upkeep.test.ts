import { type PostgresClient, postgresStore, type SqlStore } from 'crm-webhooks/storage/postgres'
import { Pool, type PoolClient } from 'pg'
import { afterAll, describe, expect, it } from 'vitest'
import { claim, idsOf, newEvent, settlement } from '../../src/testing/store-contract/support.ts'
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
