import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createSender, systemClock } from 'crm-webhooks'
import { sqliteStore } from 'crm-webhooks/storage/sqlite'
import { scriptedTransport } from 'crm-webhooks/testing'
// Or another driver: test/runtimes/sqlite puts its own in this place. So nothing here is used but what all of them have.
import Database from 'libsql'
import { afterEach, describe, expect, it } from 'vitest'
import { createDeliveries } from '../../src/queue/deliveries.ts'
import type { NewEvent } from '../../src/storage/store.ts'
import { attempt, claim, endpoint, idsOf, newEvent, settlement } from '../../src/testing/store-contract/support.ts'
import { storeContract } from '../../src/testing/store-contract.ts'
import { guard } from '../outbound/support.ts'
import { explain } from './sql-support.ts'

describe('a SQLite store', () => {
  storeContract(() => sqliteStore(new Database(':memory:')), { describe, it, expect })
})

describe('a SQLite store that encrypts', () => {
  const keys = ['0'.repeat(64)]
  storeContract(() => sqliteStore(new Database(':memory:'), { encryption: { keys } }), { describe, it, expect })
})

const folders: string[] = []
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})
function newFile(): string {
  const folder = mkdtempSync(join(tmpdir(), 'crm-webhooks-sqlite-'))
  folders.push(folder)
  return join(folder, 'webhooks.db')
}

function pragma(database: InstanceType<typeof Database>, text: string): unknown[] {
  return database.prepare(`pragma ${text}`).all()
}

/** A handle that writes down what happens in which order. */
function watched(file: string) {
  const log: string[] = []
  const database = new Database(file)
  const exec = database.exec.bind(database)
  database.exec = (sql: string) => {
    if (!sql.startsWith('pragma')) log.push(sql)
    return exec(sql)
  }
  return { database, log }
}

type Handle = InstanceType<typeof Database>

/** A handle that does not say whether a transaction is open. */
function silent(database: Handle): Handle {
  return new Proxy(database, {
    get(target, name) {
      if (name === 'inTransaction' || name === 'isTransaction') return undefined
      const value: unknown = Reflect.get(target, name, target)
      return typeof value === 'function' ? (value.bind(target) as unknown) : value
    },
  })
}

describe('a SQLite file', () => {
  it('is set up so that an answer means that it is on the disk', async () => {
    const database = new Database(newFile())
    await sqliteStore(database).start()
    expect(pragma(database, 'journal_mode')).toMatchObject([{ journal_mode: 'wal' }])
    expect(pragma(database, 'synchronous')).toMatchObject([{ synchronous: 2 }])
  })

  it('waits for others as it was told to, where the host uses the handle himself', async () => {
    const database = new Database(newFile())
    database.exec('pragma busy_timeout = 4000')
    const store = sqliteStore(database)
    await store.deliveries.enqueue([newEvent()])
    expect(pragma(database, 'busy_timeout')).toMatchObject([{ timeout: 4000 }])
    database.exec('pragma busy_timeout = 3000')
    await store.deliveries.enqueue([newEvent()])
    expect(pragma(database, 'busy_timeout')).toMatchObject([{ timeout: 3000 }])
  })

  it('is opened by its path with what is installed', async () => {
    const file = newFile()
    const store = sqliteStore(file)
    await store.endpoints.insert(endpoint({ id: 'ep_1' }))
    await store.close()
    const again = sqliteStore(file)
    expect((await again.endpoints.get('ep_1'))?.id).toBe('ep_1')
    await again.close()
    await expect(again.endpoints.get('ep_1')).rejects.toMatchObject({ code: 'store_unavailable' })
  })

  it('writes in one transaction what callers ask for in one turn, and answers after its end', async () => {
    const { database, log } = watched(newFile())
    const store = sqliteStore(database)
    await store.start()
    log.length = 0
    const answers = Array.from({ length: 50 }, () =>
      store.deliveries.enqueue([newEvent()]).then(() => log.push('answer')),
    )
    await Promise.all([...answers, store.attempts.insert([attempt()])])
    expect(log.slice(0, 3)).toEqual(['begin immediate', 'commit', 'answer'])
    expect(log.filter(entry => entry === 'commit').length).toBe(1)
  })

  it('lets no failing member spoil the others of its group', async () => {
    const store = sqliteStore(new Database(newFile()))
    await store.start()
    const bad = { ...newEvent(), deliveries: [{ ...newEvent().deliveries[0], lane: undefined }] } as unknown as NewEvent
    const broken = newEvent([{ dueAtMs: Number.NaN }])
    const results = await Promise.allSettled([
      store.deliveries.enqueue([newEvent()]),
      store.deliveries.enqueue([bad]),
      store.deliveries.enqueue([newEvent(), broken]),
      store.deliveries.enqueue([newEvent()]),
    ])
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected', 'fulfilled'])
    expect((await store.deliveries.list({})).items.length).toBe(2)
    expect((await claim(store, 1)).length).toBe(2)
  })

  it('lets those wait whose group is spoilt while another connection begins to write', async () => {
    const file = newFile()
    const [database, other] = [new Database(file), new Database(file)]
    const store = sqliteStore(database)
    await store.start()
    const exec = database.exec.bind(database)
    let isWriting = false
    database.exec = (sql: string) => {
      const result = exec(sql)
      if (sql === 'rollback' && !isWriting) {
        isWriting = true
        other.exec('begin immediate')
      }
      return result
    }
    const results = Promise.allSettled([
      store.deliveries.enqueue([newEvent()]),
      store.deliveries.enqueue([newEvent([{ dueAtMs: Number.NaN }])]),
      store.deliveries.enqueue([newEvent()]),
    ])
    while (!isWriting) await new Promise(resolve => setImmediate(resolve))
    await new Promise(resolve => setTimeout(resolve, 50))
    other.exec('rollback')
    expect((await results).map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    expect((await store.deliveries.list({})).items.length).toBe(2)
  })

  it('answers what is asked of it just before it is closed', async () => {
    for (const database of [newFile(), new Database(newFile())]) {
      const store = sqliteStore(database)
      await store.start()
      await store.deliveries.enqueue([newEvent()])
      const claimed = await claim(store, 1)
      const asked = store.deliveries.settle(claimed.map(one => settlement(one))).then(
        () => 'written',
        (error: { readonly code?: unknown }) => error.code,
      )
      await store.close()
      expect(['written', 'store_unavailable']).toContain(await asked)
    }
  })

  it('takes part in a transaction of its handle', async () => {
    const database = new Database(newFile())
    const store = sqliteStore(database)
    await store.start()
    database.exec('create table orders (id integer)')
    const order = (fails: boolean): void => {
      database.exec('begin')
      database.exec('insert into orders values (1)')
      void store.deliveries.enqueue([newEvent()], { transaction: database })
      database.exec(fails ? 'rollback' : 'commit')
    }
    order(true)
    expect((await store.deliveries.list({})).items.length).toBe(0)
    order(false)
    expect((await store.deliveries.list({})).items.length).toBe(1)
    expect((await claim(store, 1)).length).toBe(1)
    // Whoever publishes after the end of it, or without one, would not get what he counts on.
    const late = store.deliveries.enqueue([newEvent()], { transaction: database })
    await expect(late).rejects.toMatchObject({
      code: 'invalid_option',
      message: expect.stringContaining('no transaction') as unknown,
    })
    const elsewhere = store.deliveries.enqueue([newEvent()], { transaction: new Database(':memory:') })
    await expect(elsewhere).rejects.toMatchObject({ code: 'invalid_option' })
  })

  const HANDLES = { 'that tells of it': (own: Handle) => own, 'that does not tell': silent }
  it.each(Object.entries(HANDLES))(
    'remembers no lane of a transaction that is undone, on a handle %s',
    async (_, wrap) => {
      const database = wrap(new Database(newFile()))
      const store = sqliteStore(database)
      await store.start()
      const given = (lane: string): NewEvent => newEvent([{ lane }])
      database.exec('begin')
      await store.deliveries.enqueue([given('undone')], { transaction: database })
      // As a worker asks meanwhile.
      const skipLanes = new Set(['undone'])
      expect(await store.deliveries.nextDueAtMs({ direction: 'outbound', skipLanes })).toBe(undefined)
      database.exec('rollback')
      // Its number is given to another lane.
      await store.deliveries.enqueue([given('other')])
      await store.deliveries.enqueue([given('undone')])
      const claimed = await claim(store, 1)
      expect(claimed.map(({ delivery }) => delivery.endpointId).sort()).toEqual(['other', 'undone'])
    },
  )

  it('leaves nothing of what fails in a transaction of its handle, which may be committed', async () => {
    const database = new Database(newFile())
    const store = sqliteStore(database)
    await store.start()
    const rows = (table: string): unknown[] => database.prepare(`select * from webhook_${table}`).all()
    database.exec('begin')
    const good = store.deliveries.enqueue([newEvent([{ lane: 'a' }])], { transaction: database })
    const bad = newEvent([{ lane: 'b' }, { lane: 'c', dueAtMs: Number.NaN }], { idempotencyKey: 'k' })
    await expect(store.deliveries.enqueue([bad], { transaction: database })).rejects.toBeDefined()
    expect(await good).toEqual([{ stored: true }])
    database.exec('commit')
    const counts = ['lanes', 'events', 'deliveries', 'idempotency_keys'].map(table => rows(table).length)
    expect(counts).toEqual([1, 1, 1, 0])
  })

  it('publishes in a transaction of its handle, and never after its end', async () => {
    const database = new Database(newFile())
    const transport = scriptedTransport([], systemClock)
    const sender = createSender({ guard, transport, store: sqliteStore(database) })
    await sender.endpoints.create({ name: 'Billing', url: 'https://billing.example.com/', events: ['*'] })
    for (const end of ['rollback', 'commit']) {
      database.exec('begin immediate')
      await sender.publish(`lead.${end}`, {}, { transaction: database })
      database.exec(end)
    }
    database.exec('begin immediate')
    const late = sender.publish('lead.late', {}, { transaction: database })
    // As `database.transaction()` of the drivers does, which waits for nothing.
    database.exec('rollback')
    await expect(late).rejects.toMatchObject({ code: 'invalid_option', argument: 'transaction' })
    expect((await sender.deliveries.list()).items.map(({ eventType }) => eventType)).toEqual(['lead.commit'])
  })

  it('waits for a transaction that somebody else has open on the handle', async () => {
    const database = new Database(newFile())
    const store = sqliteStore(database)
    await store.start()
    database.exec('begin')
    let stored = false
    const enqueued = store.deliveries.enqueue([newEvent()]).then(() => {
      stored = true
    })
    for (let turn = 0; turn < 5; turn++) await new Promise(resolve => setImmediate(resolve))
    expect(stored).toBe(false)
    database.exec('rollback')
    await enqueued
    expect((await store.deliveries.list({})).items.length).toBe(1)
  })

  it('is shared by several connections, each delivery going to one of them', async () => {
    const file = newFile()
    const stores = Array.from({ length: 4 }, () => sqliteStore(new Database(file)))
    for (const store of stores) await store.start()
    await Promise.all(stores.map(store => store.deliveries.enqueue(Array.from({ length: 50 }, () => newEvent()))))
    const claims = await Promise.all(stores.flatMap(store => [1, 2].map(() => claim(store, 1, { limit: 20 }))))
    const ids = claims.flat().map(({ delivery }) => delivery.id)
    expect(ids.length).toBe(160)
    expect(new Set(ids).size).toBe(160)
    for (const store of stores) await store.close()
  })

  it('gives up in time when another connection does not stop writing', async () => {
    const file = newFile()
    const store = sqliteStore(new Database(file), { busyTimeoutSeconds: 0.05 })
    await store.start()
    const other = new Database(file)
    other.exec('begin immediate')
    await expect(store.deliveries.enqueue([newEvent()])).rejects.toMatchObject({ code: 'store_unavailable' })
    other.exec('rollback')
    expect(await store.deliveries.enqueue([newEvent()])).toEqual([{ stored: true }])
  })

  it('opens a new file while another process prepares it', async () => {
    const file = newFile()
    const other = new Database(file)
    other.exec('begin exclusive')
    other.exec('create table theirs (id integer)')
    const store = sqliteStore(new Database(file))
    const started = store.start()
    await new Promise(resolve => setTimeout(resolve, 100))
    other.exec('commit')
    await started
    expect(await store.deliveries.enqueue([newEvent()])).toEqual([{ stored: true }])
    await store.close()
  })

  it('does not wait for ever to open a file', async () => {
    const file = newFile()
    const other = new Database(file)
    other.exec('begin exclusive')
    const store = sqliteStore(new Database(file), { busyTimeoutSeconds: 0.05 })
    await expect(store.start()).rejects.toMatchObject({ code: 'store_unavailable' })
    other.exec('rollback')
    await store.start()
    await store.close()
  })

  it('waits for another connection no shorter because the clock is put forward', async () => {
    const file = newFile()
    const store = sqliteStore(new Database(file))
    await store.start()
    const other = new Database(file)
    other.exec('begin immediate')
    const enqueued = store.deliveries.enqueue([newEvent()])
    const rightNow = Date.now
    try {
      for (let turn = 0; turn < 5; turn++) await new Promise(resolve => setImmediate(resolve))
      Date.now = () => rightNow() + 3_600_000
      await new Promise(resolve => setTimeout(resolve, 100))
      other.exec('rollback')
      expect(await enqueued).toEqual([{ stored: true }])
    } finally {
      Date.now = rightNow
    }
  })

  it('says when it is full, and goes on when there is room', async () => {
    const database = new Database(newFile())
    const store = sqliteStore(database)
    await store.start()
    pragma(database, 'max_page_count = 60')
    const big = newEvent([{}], { data: JSON.stringify('x'.repeat(1_000_000)) })
    await expect(store.deliveries.enqueue([big])).rejects.toMatchObject({ code: 'store_full' })
    pragma(database, 'max_page_count = 10000')
    expect(await store.deliveries.enqueue([big])).toEqual([{ stored: true }])
  })

  it('says when it cannot be written or read', async () => {
    const database = new Database(newFile())
    const store = sqliteStore(database)
    await store.start()
    database.exec('pragma query_only = on')
    await expect(store.deliveries.enqueue([newEvent()])).rejects.toMatchObject({ code: 'store_read_only' })
    expect((await store.deliveries.list({})).items).toEqual([])
    await expect(sqliteStore('/nowhere/at/all.db').start()).rejects.toMatchObject({ code: 'store_unavailable' })
  })

  it('tells which deliveries nobody waits for', async () => {
    const store = sqliteStore(new Database(newFile()))
    await store.deliveries.enqueue([newEvent([{ lane: 'free' }, { lane: 'in order', ordered: true }])])
    const claimed = await claim(store, 1)
    expect(claimed.map(({ delivery, ordered }) => [delivery.lane, ordered]).sort()).toEqual([
      ['free', false],
      ['in order', true],
    ])
  })

  it('claims by index, however much waits in one lane', async () => {
    const database = new Database(newFile())
    const store = sqliteStore(database)
    await store.deliveries.enqueue([newEvent(Array.from({ length: 5_000 }, () => ({ lane: 'huge' })))])
    await store.deliveries.enqueue([newEvent([{ lane: 'small' }])])
    const claimed = await claim(store, 1, { limit: 4 })
    expect(claimed.map(({ delivery }) => delivery.lane)).toContain('small')
    const plan = (sql: string): string =>
      (database.prepare(explain(sql)).all() as { detail: string }[]).map(({ detail }) => detail).join(' ')
    const next = `select lane_no, due_at_ms from webhook_deliveries where direction = 0 and state = 0 and lane_no > 1
      order by lane_no, due_at_ms limit 1`
    expect(plan(next)).toMatch(/USING (COVERING )?INDEX webhook_deliveries_due/)
    expect(plan(next)).not.toMatch(/TEMP B-TREE/)
    const row = `select event_no, ordinal from webhook_deliveries where direction = 0 and state = 0 and lane_no = 1
      and due_at_ms <= 5 order by due_at_ms, event_no, ordinal limit 5`
    expect(plan(row)).toMatch(/USING (COVERING )?INDEX webhook_deliveries_due/)
    expect(plan(row)).not.toMatch(/TEMP B-TREE/)
  })

  it('gives turns and moves what waits by index, however much the lane has had', async () => {
    const database = new Database(newFile())
    const store = sqliteStore(database)
    await store.start()
    const texts = new Set<string>()
    const prepare = database.prepare.bind(database)
    database.prepare = text => {
      texts.add(text)
      return prepare(text)
    }
    await store.deliveries.enqueue([newEvent([{ ordered: true }, { ordered: true }, {}], { subject: 's' })])
    const claimed = await claim(store, 1, { leaseUntilMs: 2 })
    await store.deliveries.settle(claimed.map(one => settlement(one)))
    await claim(store, 1, { leaseUntilMs: 2 })
    await claim(store, 3)
    await store.deliveries.reschedule('a', 5, 'later')
    const plans = [...texts].map(text => prepare(explain(text)).all() as { detail: string }[])
    const used = plans.flatMap(plan => plan.map(({ detail }) => detail)).join('\n')
    expect(used).toMatch(/INDEX webhook_deliveries_order \(lane_no=\? AND order_key=\? AND state=\?\)/)
    expect(used).not.toMatch(/webhook_deliveries_lane|SCAN webhook_deliveries|SCAN d\b/)
  })

  it('moves a backlog in steps, between which others write, and comes to an end all the same', async () => {
    const store = sqliteStore(new Database(newFile()))
    const many = (ordered: boolean): NewEvent => newEvent(Array.from({ length: 1_000 }, () => ({ lane: 'a', ordered })))
    for (let i = 0; i < 3; i++) await store.deliveries.enqueue([many(true), many(false)])
    let moving = true
    const moved = store.deliveries.reschedule('a', 9e9, 'later').finally(() => {
      moving = false
    })
    let written = 0
    for (; moving; written++) await store.deliveries.enqueue([many(written % 2 === 0)])
    await moved
    expect(written).toBeGreaterThan(5)
  })

  it('leaves a handle that it was given open', async () => {
    const database = new Database(newFile())
    const store = sqliteStore(database)
    await store.deliveries.enqueue([newEvent()])
    await store.close()
    expect(() => database.exec('delete from webhook_events')).not.toThrow()
    await expect(store.deliveries.enqueue([newEvent()])).rejects.toMatchObject({ code: 'store_unavailable' })
    database.close()
  })

  it('says so when the data of what is to be retried is gone', async () => {
    let nowMs = 1_000_000
    const clock = { now: () => nowMs, setTimer: () => () => undefined }
    const store = sqliteStore(new Database(newFile()), { clock })
    const deliveries = createDeliveries({ store: store.deliveries, clock, wake: () => undefined })
    const [one, other] = [newEvent(), newEvent([{ lane: 'b' }])]
    await store.deliveries.enqueue([one, other])
    await store.deliveries.settle((await claim(store, nowMs)).map(each => settlement(each)))
    nowMs += 60_000
    await deliveries.retry(idsOf(other)[0] ?? '')
    // One that waits already goes on by itself.
    await deliveries.retry(idsOf(other)[0] ?? '')
    await store.prune({ payloadsOlderThanSeconds: 59 })
    await expect(deliveries.retry(idsOf(one)[0] ?? '')).rejects.toMatchObject({ code: 'conflict' })
    expect((await claim(store, nowMs)).length).toBe(1)
  })

  it('deletes what is old, and nothing that waits', async () => {
    let nowMs = 1_000_000
    const clock = { now: () => nowMs, setTimer: () => () => undefined }
    const store = sqliteStore(new Database(newFile()), { clock })
    const [old, waiting] = [newEvent([{}], { idempotencyKey: 'k' }), newEvent([{ lane: 'b', dueAtMs: 9e9 }])]
    await store.deliveries.enqueue([old, waiting])
    const claimed = await claim(store, nowMs)
    await store.deliveries.settle(claimed.map(one => settlement(one, { attempt: attempt({ startedAtMs: nowMs }) })))
    await store.dedupe.claim('x', { nowMs, claimUntilMs: nowMs + 10 })
    nowMs += 60_000
    const none = { payloads: 0, events: 0, attempts: 0, idempotencyKeys: 0, dedupeEntries: 0 }
    expect(await store.prune({})).toEqual({ ...none, dedupeEntries: 1 })
    expect(await store.prune({ payloadsOlderThanSeconds: 59 })).toEqual({ ...none, payloads: 1 })
    expect((await store.deliveries.get(`${old.event.id}_0`))?.event.data).toBe('null')
    expect(await store.deliveries.retry({ ids: [`${old.event.id}_0`] }, nowMs)).toBe(0)
    const all = { eventsOlderThanSeconds: 59, attemptsOlderThanSeconds: 59, idempotencyKeysOlderThanSeconds: 59 }
    expect(await store.prune(all)).toEqual({ ...none, events: 1, attempts: 1, idempotencyKeys: 1 })
    expect((await store.deliveries.list({})).items.map(({ eventId }) => eventId)).toEqual([waiting.event.id])
    expect(await store.deliveries.enqueue([newEvent([{}], { idempotencyKey: 'k' })])).toEqual([{ stored: true }])
    await expect(store.prune({ attemptsOlderThanSeconds: -1 })).rejects.toMatchObject({ code: 'invalid_option' })
  })
})

it.each([undefined, '', 5, {}])('sqliteStore refuses %j for a database', database => {
  expect(() => sqliteStore(database as never)).toThrow(expect.objectContaining({ code: 'invalid_option' }))
})
