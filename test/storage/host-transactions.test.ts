import { postgresStore } from 'crm-webhooks/storage/postgres'
import { manualClock } from 'crm-webhooks/testing'
import { Pool, type PoolClient } from 'pg'
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { NewEvent, Settlement, Store } from '../../src/storage/store.ts'
import { claim, endpoint, newEvent, settlement } from '../../src/testing/store-contract/support.ts'
import { startPostgres } from '../support/postgres.ts'
import { emptied } from './sql-support.ts'

const server = await startPostgres()
const pool = new Pool({ connectionString: server?.url, max: 20 })
afterAll(async () => {
  await pool.end()
  await server?.stop()
})

const clock = manualClock()
const nowMs = clock.now()
const outbound = { direction: 'outbound' } as const
const inOrder = (data: string, subject = 's'): NewEvent => newEvent([{ ordered: true }], { subject, data })

const open = new Set<PoolClient>()

/** Begins a transaction as an application does, and has its own rows read first. */
async function begun(level = 'read committed'): Promise<PoolClient> {
  const host = await pool.connect()
  open.add(host)
  await host.query(`begin isolation level ${level}`)
  await host.query('select count(*) from webhook_events')
  return host
}

async function ended(host: PoolClient, how: 'commit' | 'rollback'): Promise<void> {
  await host.query(how)
  open.delete(host)
  host.release()
}

/** Claims what is due, and answers what it is. */
async function claimed(store: Store, more: Partial<Settlement> = {}, atMs = nowMs): Promise<string[]> {
  const found = await claim(store, atMs)
  await store.deliveries.settle(found.map(one => settlement(one, more)))
  return found.map(({ event }) => event.data)
}

describe.skipIf(server === undefined)('in a transaction of the host', () => {
  let store: Store
  beforeEach(async () => {
    store = await emptied(postgresStore(pool, { clock }), pool)
    for (const id of ['a', 'b']) await store.endpoints.insert(endpoint({ id }))
  })
  afterEach(async () => {
    for (const host of open) await ended(host, 'rollback')
  })

  it.each(['read committed', 'repeatable read', 'serializable'])('what is in order has its turn: %s', async level => {
    await store.deliveries.enqueue([inOrder('first')])
    const first = await claim(store, nowMs)
    const host = await begun(level)
    await store.deliveries.settle(first.map(one => settlement(one)))
    await store.deliveries.enqueue([inOrder('second'), inOrder('third')], { transaction: host })
    await ended(host, 'commit')
    const seen = [await claimed(store), await claimed(store), await claimed(store)]
    expect(seen).toEqual([['second'], ['third'], []])
  })

  it('what is in order waits behind a retry, and keeps nobody busy meanwhile', async () => {
    await store.deliveries.enqueue([inOrder('0')])
    expect(await claimed(store, { next: { status: 'pending', dueAtMs: nowMs + 5_000, triesUsed: 1 } })).toEqual(['0'])
    for (const data of ['1', '2', '3']) {
      const host = await begun()
      await store.deliveries.enqueue([inOrder(data)], { transaction: host })
      await ended(host, 'commit')
    }
    expect(await claimed(store)).toEqual([])
    expect(await store.deliveries.nextDueAtMs(outbound)).toBe(nowMs + 5_000)
    const seen: string[] = []
    for (let i = 0; i < 5; i++) seen.push(...(await claimed(store, {}, nowMs + 5_000)))
    expect(seen).toEqual(['0', '1', '2', '3'])
  })

  it('one claim finds out about all subjects that wait, and hands out the rest', async () => {
    const subjects = Array.from({ length: 60 }, (_, i) => `s${i}`)
    await store.deliveries.enqueue(subjects.map(subject => inOrder('first', subject)))
    await claimed(store, { next: { status: 'pending', dueAtMs: nowMs + 5_000, triesUsed: 1 } })
    const host = await begun()
    const free = [newEvent([{}], { data: 'free' }), newEvent([{ lane: 'b' }], { data: 'other lane' })]
    await store.deliveries.enqueue([...subjects.map(subject => inOrder('second', subject)), ...free], {
      transaction: host,
    })
    await ended(host, 'commit')
    const found = await claim(store, nowMs, { perLane: 1, limit: 5 })
    expect(found.map(({ event }) => event.data).sort()).toEqual(['free', 'other lane'])
    expect(await claim(store, nowMs)).toEqual([])
  })

  it('an older one that is committed later waits until the newer one has ended', async () => {
    const [slow, quick] = [await begun(), await begun()]
    await store.deliveries.enqueue([inOrder('older')], { transaction: slow })
    await store.deliveries.enqueue([inOrder('newer')], { transaction: quick })
    await ended(quick, 'commit')
    const newer = await claim(store, nowMs)
    expect(newer.map(({ event }) => event.data)).toEqual(['newer'])
    await ended(slow, 'commit')
    expect(await claim(store, nowMs)).toEqual([])
    await store.deliveries.settle(newer.map(one => settlement(one)))
    expect(await claimed(store)).toEqual(['older'])
  })

  it('many publish in one order, while many workers take one at a time', async () => {
    const [total, hosts] = [60, 4]
    let [published, done, underWay, most] = [0, 0, 0, 0]
    const publish = async (): Promise<void> => {
      while (published++ < total) {
        const host = await begun(published % 2 === 0 ? 'repeatable read' : 'read committed')
        await store.deliveries.enqueue([inOrder('')], { transaction: host })
        await ended(host, 'commit')
      }
    }
    const work = async (): Promise<void> => {
      while (done < total) {
        const found = await claim(store, nowMs)
        underWay += found.length
        most = Math.max(most, underWay)
        await new Promise(resolve => setImmediate(resolve))
        underWay -= found.length
        await store.deliveries.settle(found.map(one => settlement(one)))
        done += found.length
      }
    }
    await Promise.all([...Array.from({ length: hosts }, publish), work(), work(), work()])
    expect({ done, most }).toEqual({ done: total, most: 1 })
  })

  it('an idempotency key holds up nobody but those who have the same', async () => {
    const same = (): NewEvent => newEvent([{}], { idempotencyKey: 'order-7' })
    for (const how of ['rollback', 'commit'] as const) {
      store = await emptied(postgresStore(pool, { clock }), pool)
      const host = await begun()
      const first = same()
      await store.deliveries.enqueue([first], { transaction: host })
      const waiting = [store.deliveries.enqueue([same()])]
      const others = [store.deliveries.enqueue([newEvent([{ lane: 'b' }])])]
      await pool.query('select 1')
      waiting.push(...Array.from({ length: 5 }, () => store.deliveries.enqueue([same()])))
      await pool.query('select 1')
      others.push(store.deliveries.enqueue([newEvent([{ lane: 'c' }], { idempotencyKey: 'order-8' })]))
      expect(await Promise.all(others)).toEqual([[{ stored: true }], [{ stored: true }]])
      await ended(host, how)
      const results = (await Promise.all(waiting)).flat()
      expect(results.filter(({ stored }) => stored).length).toBe(how === 'commit' ? 0 : 1)
      expect(new Set(results.map(one => (one.stored ? '' : one.existingEventId))).size).toBe(how === 'commit' ? 1 : 2)
    }
  })

  it('an order holds up nobody who settles', async () => {
    await store.deliveries.enqueue([inOrder('first'), newEvent([{ lane: 'b' }])])
    const found = await claim(store, nowMs)
    const host = await begun()
    await store.deliveries.enqueue([inOrder('second')], { transaction: host })
    expect((await Promise.all(found.map(one => store.deliveries.settle([settlement(one)])))).flat()).toEqual([
      true,
      true,
    ])
    expect(await store.deliveries.enqueue([inOrder('third')])).toEqual([{ stored: true }])
    await ended(host, 'commit')
    expect([await claimed(store), await claimed(store)]).toEqual([['second'], ['third']])
  })

  it('a lane that is new holds up nobody in other lanes', async () => {
    for (const ordered of [false, true]) {
      const host = await begun()
      await store.deliveries.enqueue([newEvent([{ lane: `new ${ordered}` }])], { transaction: host })
      const waiting = store.deliveries.enqueue([newEvent([{ lane: `new ${ordered}`, ordered }])])
      expect(await store.deliveries.enqueue([newEvent([{ lane: `other ${ordered}`, ordered }])])).toEqual([
        { stored: true },
      ])
      await ended(host, 'rollback')
      expect(await waiting).toEqual([{ stored: true }])
    }
  })

  it('an endpoint has its lane from the beginning', async () => {
    await store.endpoints.insert(endpoint({ id: 'fresh' }))
    const host = await begun()
    await store.deliveries.enqueue([newEvent([{ lane: 'fresh' }])], { transaction: host })
    expect(await store.deliveries.enqueue([newEvent([{ lane: 'fresh' }])])).toEqual([{ stored: true }])
    await ended(host, 'rollback')
  })

  it('what waits for a lock is told when its time is over, and nothing of it is stored', async () => {
    const hurried = postgresStore(pool, { clock, timeoutSeconds: 0.5, listen: false })
    const host = await begun()
    await store.deliveries.enqueue([newEvent([{}], { idempotencyKey: 'k' })], { transaction: host })
    const waiting = hurried.deliveries.enqueue([newEvent([{}], { idempotencyKey: 'k' })])
    await expect(waiting).rejects.toMatchObject({ code: 'store_unavailable', cause: { code: '55P03' } })
    await ended(host, 'rollback')
    expect((await store.deliveries.list({})).items).toEqual([])
  })

  it('the time-out for locks stays with the statement', async () => {
    const own = new Pool({ connectionString: server?.url, max: 1 })
    const single = postgresStore(own, { clock, listen: false })
    const setting = async (client: Pool | PoolClient): Promise<unknown> =>
      (await client.query<{ lock_timeout: string }>('show lock_timeout')).rows[0]?.lock_timeout
    await single.deliveries.enqueue([newEvent([{ lane: 'not there yet' }]), inOrder('')])
    await single.deliveries.enqueue([newEvent()])
    expect(await setting(own)).toBe('0')
    const host = await begun()
    await store.deliveries.enqueue([newEvent([{ lane: 'nor this one' }])], { transaction: host })
    expect(await setting(host)).toBe('0')
    await ended(host, 'rollback')
    await own.end()
  })

  it('nothing is tried again once the server has refused it', async () => {
    const host = await begun('repeatable read')
    await store.deliveries.enqueue([newEvent([{}], { idempotencyKey: 'k' })])
    const again = store.deliveries.enqueue([newEvent([{}], { idempotencyKey: 'k' })], { transaction: host })
    await expect(again).rejects.toMatchObject({ code: 'store_unavailable', cause: { code: '40001' } })
    await ended(host, 'rollback')
  })

  it('a pool is none', async () => {
    const refused = { code: 'invalid_option', argument: 'transaction' }
    await expect(store.deliveries.enqueue([newEvent()], { transaction: pool })).rejects.toMatchObject(refused)
    expect((await store.deliveries.list({})).items).toEqual([])
  })
})

it.skipIf(server === undefined)(
  'every turn is given where transactions are repeatable read unless they say otherwise',
  async () => {
    const own = new Pool({
      connectionString: server?.url,
      options: '-c default_transaction_isolation=repeatable\\ read',
    })
    const store = await emptied(postgresStore(own, { clock, listen: false }), pool)
    const subjects = Array.from({ length: 60 }, (_, i) => `s${i}`)
    for (const [i, subject] of subjects.entries()) {
      await store.deliveries.enqueue([inOrder('first', subject)])
      const first = await claim(store, nowMs)
      // At the same time, or nearly so.
      const publish = async (): Promise<unknown> => {
        await Promise.all(Array.from({ length: i % 8 }, () => pool.query('select 1')))
        return store.deliveries.enqueue([inOrder('second', subject)])
      }
      await Promise.all([store.deliveries.settle(first.map(one => settlement(one))), publish()])
      expect(await claimed(store)).toEqual(['second'])
    }
    await own.end()
  },
)
