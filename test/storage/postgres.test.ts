import { postgresStore } from 'crm-webhooks/storage/postgres'
import { Client, Pool } from 'pg'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { claimText } from '../../src/storage/sql/postgres/claim.ts'
import { settleText } from '../../src/storage/sql/postgres/settle.ts'
import { nameTables } from '../../src/storage/sql/tables.ts'
import { attempt, backlog, claim, newEvent, settlement } from '../../src/testing/store-contract/support.ts'
import { storeContract } from '../../src/testing/store-contract.ts'
import { startPostgres } from '../support/postgres.ts'
import { emptied } from './sql-support.ts'

const server = await startPostgres()
const pool = new Pool({ connectionString: server?.url, max: 8 })

afterAll(async () => {
  await pool.end()
  await server?.stop()
})

describe.skipIf(server === undefined)('a PostgreSQL store', () => {
  storeContract(() => emptied(postgresStore(pool), pool), { describe, it, expect })
})

describe.skipIf(server === undefined)('PostgreSQL', () => {
  beforeEach(async () => {
    await emptied(postgresStore(pool), pool)
  })

  it('gives each delivery to one of many workers that claim at once', async () => {
    const workers = Array.from({ length: 4 }, () => postgresStore(pool))
    const [first] = workers
    for (const lane of ['a', 'b', 'c']) await first?.deliveries.enqueue(backlog(lane, 100))
    const seen: string[] = []
    const work = async (store: (typeof workers)[number]): Promise<void> => {
      for (;;) {
        const claimed = await claim(store, 1, { limit: 7 })
        if (claimed.length === 0) return
        seen.push(...claimed.map(({ delivery }) => delivery.id))
        const results = await store.deliveries.settle(claimed.map(one => settlement(one)))
        expect(results.every(result => result)).toBe(true)
      }
    }
    await Promise.all(workers.map(work))
    expect(new Set(seen).size).toBe(seen.length)
    // A claim that finds all of it locked ends early: the rest is there for the next one.
    await work(postgresStore(pool))
    expect(new Set(seen).size).toBe(300)
  })

  it('keeps an order while many workers enqueue and settle', async () => {
    const stores = Array.from({ length: 3 }, () => postgresStore(pool))
    const order: string[] = []
    let put = 0
    const enqueueAll = async (): Promise<void> => {
      for (; put < 60; put++) {
        await stores[put % 3]?.deliveries.enqueue([newEvent([{ ordered: true }], { subject: 's', data: String(put) })])
      }
    }
    const work = async (store: (typeof stores)[number]): Promise<void> => {
      while (order.length < 60) {
        const claimed = await claim(store, 1)
        expect(claimed.length).toBeLessThanOrEqual(1)
        order.push(...claimed.map(({ event }) => event.data))
        await store.deliveries.settle(claimed.map(one => settlement(one)))
      }
    }
    await Promise.all([enqueueAll(), ...stores.map(work)])
    expect(order).toEqual(Array.from({ length: 60 }, (_, i) => String(i)))
  })

  it('stores one event for a key that many processes use at once', async () => {
    const stores = Array.from({ length: 4 }, () => postgresStore(pool))
    const events = Array.from({ length: 40 }, () => newEvent([{}], { idempotencyKey: 'k', tenant: 't' }))
    const results = await Promise.all(events.map(async (event, i) => stores[i % 4]?.deliveries.enqueue([event])))
    const stored = events.filter((_, i) => results[i]?.[0]?.stored === true)
    expect(stored.length).toBe(1)
    const others = results.flatMap(result => result ?? []).flatMap(one => (one.stored ? [] : [one.existingEventId]))
    expect(new Set(others)).toEqual(new Set([stored[0]?.event.id]))
  })

  it('shares a statement between callers, of whom none can spoil the others', async () => {
    const store = postgresStore(pool)
    await store.start()
    const results = await Promise.allSettled([
      store.deliveries.enqueue([newEvent()]),
      store.deliveries.enqueue([newEvent([{ dueAtMs: Number.NaN }]), newEvent()]),
      store.deliveries.enqueue([newEvent()]),
    ])
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    expect((await claim(store, 1)).length).toBe(2)
  })

  it('writes together what many callers ask for at once', async () => {
    let queries = 0
    const store = postgresStore({
      query(text: string, values?: unknown[]) {
        queries++
        return pool.query(text, values)
      },
    })
    await store.deliveries.enqueue([newEvent()])
    queries = 0
    await Promise.all(Array.from({ length: 100 }, () => store.deliveries.enqueue([newEvent()])))
    expect(queries).toBe(1)
    const claimed = await claim(store, 1)
    queries = 0
    const settled = await Promise.all(claimed.map(one => store.deliveries.settle([settlement(one)])))
    expect(settled.flat()).toEqual(claimed.map(() => true))
    expect(queries).toBe(1)
  })

  it('stores an event on a transaction of the host, which decides', async () => {
    const store = postgresStore(pool)
    const client = await pool.connect()
    try {
      const [kept, undone] = [newEvent([{ lane: 'new-1' }]), newEvent([{ lane: 'new-2' }])]
      for (const [event, end] of [
        [undone, 'rollback'],
        [kept, 'commit'],
      ] as const) {
        await client.query('begin')
        expect(await store.deliveries.enqueue([event], { transaction: client })).toEqual([{ stored: true }])
        expect((await store.deliveries.list({ eventId: event.event.id })).items).toEqual([])
        await client.query(end)
      }
      expect((await claim(store, 1)).map(({ event }) => event.id)).toEqual([kept.event.id])
      // The lane of the one that was undone is made anew, not taken for known.
      await store.deliveries.enqueue([newEvent([{ lane: 'new-2' }])])
      expect((await claim(store, 1)).map(({ delivery }) => delivery.lane)).toEqual(['new-2'])
    } finally {
      client.release()
    }
    const nonsense = store.deliveries.enqueue([newEvent()], { transaction: true })
    await expect(nonsense).rejects.toMatchObject({ code: 'invalid_option' })
  })

  it('tells which deliveries nobody waits for', async () => {
    const store = await emptied(postgresStore(pool), pool)
    await store.deliveries.enqueue([newEvent([{ lane: 'free' }, { lane: 'in order', ordered: true }])])
    const claimed = await claim(store, 1)
    expect(claimed.map(({ delivery, ordered }) => [delivery.lane, ordered]).sort()).toEqual([
      ['free', false],
      ['in order', true],
    ])
  })

  it('wakes the workers of other processes', async () => {
    const [listening, writing] = [postgresStore(pool), postgresStore(pool)]
    const heard: Array<ReadonlyArray<unknown> | undefined> = []
    const wakes: Array<() => void> = []
    listening.deliveries.onEnqueued?.(lanes => {
      heard.push(lanes)
      wakes.shift()?.()
    })
    const next = (): Promise<void> => new Promise(resolve => wakes.push(resolve))
    for (;;) {
      const { rows } = await pool.query("select 1 from pg_stat_activity where query = 'listen webhook_enqueued'")
      if (rows.length > 0) break
    }
    const claimTicket = { token: 't', leaseUntilMs: 9e12 }
    const told = async (work: () => Promise<unknown>): Promise<unknown> => {
      const woken = next()
      await work()
      await woken
      return heard.splice(0)
    }
    await writing.deliveries.enqueue([newEvent([{ claim: claimTicket }])])
    const inbound = { direction: 'inbound', lane: 'receiver:"1"' } as const
    const two = [{ lane: 'a' }, { lane: 'b', claim: claimTicket }, inbound, { lane: 'a' }]
    expect(await told(() => writing.deliveries.enqueue([newEvent(two)]))).toEqual([
      [{ direction: 'outbound', lane: 'a' }, inbound],
    ])
    // Too many to be told, or what a notification cannot hold: then it may be any.
    const many = Array.from({ length: 1_000 }, (_, i) => ({ lane: `lane-${i}` }))
    expect(await told(() => writing.deliveries.enqueue([newEvent(many)]))).toEqual([undefined])
    expect(await told(() => writing.deliveries.enqueue([newEvent([{ lane: 'ä' }])]))).toEqual([undefined])
    for (const payload of ['', 'x', '{}', '[1]']) {
      expect(await told(() => pool.query("select pg_notify('webhook_enqueued', $1)", [payload]))).toEqual([undefined])
    }
    await listening.close()
  })

  it('leaves nothing behind on connections that a pooler lends', async () => {
    const seen: unknown[] = []
    const client = new Client({ connectionString: server?.url })
    await client.connect()
    const asked = client.query.bind(client) as (text: string, values?: unknown[]) => Promise<{ rows: unknown[] }>
    const store = postgresStore(
      {
        query(text: string, values?: unknown[]) {
          seen.push(text)
          return asked(text, values)
        },
      },
      { poolerMode: 'transaction' },
    )
    expect(store.deliveries.onEnqueued).toBe(undefined)
    await store.deliveries.enqueue([newEvent()])
    const claimed = await claim(store, 1)
    await store.deliveries.settle(claimed.map(one => settlement(one, { attempt: attempt() })))
    expect(
      seen.every(text => typeof text === 'string' && !/\blisten\b|\bset\s+session|pg_advisory_lock/i.test(text)),
    ).toBe(true)
    expect((await client.query('select 1 from pg_prepared_statements')).rows).toEqual([])
    await client.end()
  })

  it('does one thing at a time on a single client', async () => {
    const client = new Client({ connectionString: server?.url })
    await client.connect()
    const store = postgresStore(client)
    const ordered = Array.from({ length: 5 }, () => newEvent([{ ordered: true }], { subject: 's' }))
    await Promise.all([
      ...ordered.map(event => store.deliveries.enqueue([event])),
      ...Array.from({ length: 5 }, () => store.deliveries.enqueue([newEvent()])),
      store.deliveries.retry({}, 1),
    ])
    expect((await store.deliveries.list({})).items.length).toBe(10)
    expect((await claim(store, 1)).length).toBe(6)
    await store.close()
    await client.end()
  })

  it('goes on with new connections when the server has ended the old ones', async () => {
    const own = new Pool({ connectionString: server?.url, max: 3, application_name: 'doomed' })
    const store = postgresStore(own)
    await store.deliveries.enqueue([newEvent()])
    const stop = store.deliveries.onEnqueued?.(() => undefined)
    await pool.query("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'doomed'")
    for (let tries = 0; tries < 20; tries++) {
      const outcome = await store.deliveries.enqueue([newEvent()]).then(
        () => 'stored',
        (error: { readonly code?: unknown }) => error.code,
      )
      if (outcome === 'stored') break
      expect(outcome).toBe('store_unavailable')
    }
    expect((await store.deliveries.list({})).items.length).toBe(2)
    stop?.()
    await store.close()
    await own.end()
  })

  it('says in time that there is no server, or that it does not answer', async () => {
    const nowhere = new Pool({ connectionString: 'postgres://postgres@127.0.0.1:1/none' })
    await expect(postgresStore(nowhere).deliveries.list({})).rejects.toMatchObject({ code: 'store_unavailable' })
    await nowhere.end()
    const silent = { query: () => new Promise<never>(() => undefined) }
    const store = postgresStore(silent, { timeoutSeconds: 0.02 })
    await expect(store.deliveries.enqueue([newEvent()])).rejects.toMatchObject({ code: 'store_unavailable' })
  })

  it('says that it takes no writes', async () => {
    const url = new URL(server?.url ?? '')
    const options = `${url.searchParams.get('options') ?? ''} -c default_transaction_read_only=on`
    url.searchParams.set('options', options.trim())
    const readOnly = new Pool({ connectionString: url.href })
    const store = postgresStore(readOnly)
    await expect(store.deliveries.enqueue([newEvent()])).rejects.toMatchObject({ code: 'store_read_only' })
    await readOnly.end()
  })

  it('claims by index, however much waits in one lane', async () => {
    const store = postgresStore(pool)
    await store.deliveries.enqueue([newEvent(Array.from({ length: 20_000 }, () => ({ lane: 'huge' })))])
    await store.deliveries.enqueue([newEvent([{ lane: 'small' }])])
    await pool.query('analyze webhook_deliveries')
    const values = [0, 0, 1, 50, 16, [], 't', 9, [], []]
    const { rows } = await pool.query(
      `explain (analyze, format json) ${claimText(nameTables('webhook_', 'postgres'), false)}`,
      values,
    )
    const plan = JSON.stringify(rows)
    expect(plan).toContain('webhook_deliveries_due')
    expect(plan).not.toContain(
      'Seq Scan","Parallel Aware":false,"Async Capable":false,"Relation Name":"webhook_deliveries"',
    )
    // Nothing looked at more rows than a claim takes and a few: 20,000 wait.
    const counts = [...plan.matchAll(/"Actual Rows":([\d.]+),"Actual Loops":(\d+)/g)]
    expect(counts.length).toBeGreaterThan(10)
    for (const [, found, loops] of counts) expect(Number(found) * Number(loops)).toBeLessThan(200)
  })

  it('settles by key, however much is under way', async () => {
    const store = postgresStore(pool)
    const event = newEvent(Array.from({ length: 2_000 }, () => ({ claim: { token: 't', leaseUntilMs: 9e12 } })))
    await store.deliveries.enqueue([event])
    const row = (i: number) => [i, event.event.id, i, 't', 3, null, null, 1, 1, 1, null, null, null, null, null]
    const settled = Array.from({ length: 20 }, (_, i) => row(i))
    const { rows } = await pool.query(
      `explain (analyze, format json) ${settleText(nameTables('webhook_', 'postgres'), false)}`,
      row(0).map((_, column) => settled.map(values => values[column])),
    )
    const counts = [...JSON.stringify(rows).matchAll(/"Actual Rows":([\d.]+),"Actual Loops":(\d+)/g)]
    expect(counts.length).toBeGreaterThan(3)
    for (const [, found, loops] of counts) expect(Number(found) * Number(loops)).toBeLessThan(100)
  })

  it('needs no more than 200 bytes for a delivery that waits', async () => {
    const store = postgresStore(pool)
    const lanes = Array.from({ length: 1_000 }, (_, i) => ({ lane: `ep_${String(i).padStart(24, '0')}` }))
    for (let i = 0; i < 20; i++) await store.deliveries.enqueue([newEvent(lanes)])
    const { rows } = await pool.query("select pg_total_relation_size('webhook_deliveries') as bytes")
    expect(Number((rows[0] as { bytes: string }).bytes) / 20_000).toBeLessThan(200)
  })
})
