import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createReceiver, type ReceiverOptions } from 'crm-webhooks'
import { dropbox } from 'crm-webhooks/providers/dropbox'
import { memoryStore } from 'crm-webhooks/storage/memory'
import { sqliteStore } from 'crm-webhooks/storage/sqlite'
import { manualClock } from 'crm-webhooks/testing'
import { afterEach, describe, expect, it } from 'vitest'
import { type AcmeEvents, acme, acmeRequest, dealUpdated, recordingLogger } from '../support/acme.ts'

function setUp(more: Partial<ReceiverOptions<AcmeEvents>> = {}) {
  const clock = manualClock()
  const store = memoryStore({ clock })
  const receiver = createReceiver({ provider: acme(), acknowledge: 'on-receipt', store, clock, ...more })
  const states = async () => (await store.deliveries.list({ direction: 'inbound' })).items.map(({ status }) => status)
  return { clock, store, receiver, states }
}
/** The same object, with some methods of its own. */
function overriding<Target extends object>(target: Target, own: Partial<Target>): Target {
  return new Proxy(target, {
    get: (_, key) => {
      const value: unknown = Reflect.get(key in own ? own : target, key)
      return typeof value === 'function' ? (value.bind(target) as unknown) : value
    },
  })
}
const failing = new Error('the CRM is down')

describe('acknowledge on receipt', () => {
  it('answers 202 before a handler runs, and runs it later', async () => {
    const { receiver, states } = setUp()
    const seen: string[] = []
    receiver.on('deal.updated', ({ id, data }) => void seen.push(`${id} ${data.current?.stage}`))
    const response = await receiver.receive(acmeRequest(dealUpdated('1')))
    expect([response.status, JSON.parse(response.body)]).toMatchObject([202, { status: 'ok', total: 0 }])
    expect([seen, await states()]).toEqual([[], ['pending']])
    expect(await receiver.drain()).toBe(1)
    expect([seen, await states()]).toEqual([['1 won'], ['succeeded']])
  })

  it('stores every event of a provider whose events may look the same', async () => {
    const provider = dropbox({ appSecret: 'app-secret-1' })
    const store = memoryStore()
    const receiver = createReceiver({ provider, acknowledge: 'on-receipt', store })
    const seen: string[] = []
    receiver.on('files.changed', ({ data }) => void seen.push(data.accountId))
    const body = new TextEncoder().encode('{"list_folder":{"accounts":["a","b"]}}')
    const request = await provider.authenticate?.({ method: 'POST', url: '/', headers: {}, body })
    if (request === undefined) throw new Error('no request')
    for (const _ of [1, 2]) expect((await receiver.receive(request)).status).toBe(202)
    expect(seen).toEqual([])
    await receiver.drain()
    expect(seen.sort()).toEqual(['a', 'a', 'b', 'b'])
  })

  it('stores every one of them though they have an id', async () => {
    const { receiver, states } = setUp({ provider: acme({ deduplicate: false }) })
    for (const _ of [1, 2]) await receiver.receive(acmeRequest(dealUpdated('1')))
    expect(await states()).toEqual(['pending', 'pending'])
  })

  it('tries a handler again by the schedule, and keeps what was given up until somebody retries it', async () => {
    const logger = recordingLogger()
    const { receiver, clock, store, states } = setUp({ retry: { schedule: [60, 600], jitter: 0 }, logger })
    let works = false
    const triedAtMs: number[] = []
    const startMs = clock.now()
    receiver.on('*', () => {
      triedAtMs.push(clock.now() - startMs)
      if (!works) throw failing
    })
    receiver.start()
    await receiver.receive(acmeRequest(dealUpdated('1')))
    await clock.advance(3_600_000)
    expect(triedAtMs).toEqual([0, 60_000, 660_000])
    const failed = await store.deliveries.list({ direction: 'inbound', status: 'failed' })
    expect(failed.items).toMatchObject([{ eventType: 'deal.updated', attempts: 3, lastError: 'the CRM is down' }])
    expect(logger.lines.filter(line => line.message === 'webhook event given up')).toHaveLength(1)
    const tries = await store.attempts.list({ direction: 'inbound', outcome: 'failed' })
    expect(tries.items.map(({ number, errorCode }) => [number, errorCode])).toEqual([
      [3, 'handler_failed'],
      [2, 'handler_failed'],
      [1, 'handler_failed'],
    ])
    works = true
    expect(await store.deliveries.retry({ status: 'failed' }, clock.now())).toBe(1)
    await clock.advance(5_000)
    expect(await states()).toEqual(['succeeded'])
    await receiver.stop()
    expect(clock.pending).toBe(0)
  })

  it.each([Object.create(null), Symbol('x'), null, { message: 1 }])(
    'survives a handler that throws %o',
    async thrown => {
      const { receiver, store } = setUp()
      receiver.on('*', () => {
        throw thrown
      })
      await receiver.receive(acmeRequest(dealUpdated('1')))
      expect(await receiver.drain()).toBe(1)
      const { items } = await store.deliveries.list({ direction: 'inbound' })
      expect(items).toMatchObject([{ attempts: 1, lastError: 'the handler threw something that is no Error' }])
    },
  )

  it('ends a try whose handler takes too long', async () => {
    const { receiver, clock, store } = setUp({ handlerTimeoutSeconds: 5 })
    receiver.on('*', (_event, { signal }) => new Promise(resolve => signal.addEventListener('abort', () => resolve())))
    receiver.start()
    await receiver.receive(acmeRequest(dealUpdated('1')))
    await clock.advance(5_000)
    expect((await store.attempts.list({})).items).toMatchObject([{ errorCode: 'timeout', durationMs: 5_000 }])
    await receiver.stop()
  })

  it('grants a handler more than the sender, who does not wait for it, would', async () => {
    const { receiver, clock, store, states } = setUp({ provider: acme({ timeoutSeconds: 2 }) })
    let runs = 0
    receiver.on('*', async () => {
      runs++
      await new Promise<void>(resolve => clock.setTimer(resolve, 29_000))
    })
    receiver.start()
    expect((await receiver.receive(acmeRequest(dealUpdated('1')))).status).toBe(202)
    await clock.advance(3_600_000)
    expect([runs, await states()]).toEqual([1, ['succeeded']])
    expect((await store.attempts.list({})).items).toMatchObject([{ outcome: 'succeeded', durationMs: 29_000 }])
    await receiver.stop()
  })

  it('ends a try after what the sender grants, where that is more', async () => {
    const { receiver, clock, store } = setUp({ provider: acme({ timeoutSeconds: 45 }) })
    receiver.on('*', (_event, { signal }) => new Promise(resolve => signal.addEventListener('abort', () => resolve())))
    receiver.start()
    await receiver.receive(acmeRequest(dealUpdated('1')))
    await clock.advance(45_000)
    expect((await store.attempts.list({})).items).toMatchObject([{ errorCode: 'timeout', durationMs: 45_000 }])
    await receiver.stop()
  })

  it.each([
    ['done', 'succeeded', []],
    ['failed', 'pending', [{ errorCode: 'handler_failed' }]],
  ])('tells handlers when a stop waits no longer, and takes what they come to: %s', async (end, state, failures) => {
    const { receiver, clock, store, states } = setUp()
    const reasons: unknown[] = []
    receiver.on('*', async (_event, { signal }) => {
      await new Promise(resolve => signal.addEventListener('abort', resolve))
      reasons.push(signal.reason)
      if (end === 'failed') throw failing
    })
    receiver.start()
    await receiver.receive(acmeRequest(dealUpdated('1')))
    await clock.advance(0)
    const stopped = receiver.stop({ graceSeconds: 5 })
    await clock.advance(4_999)
    expect(reasons).toEqual([])
    await clock.advance(1)
    await stopped
    expect(reasons).toEqual([new Error('the receiver stops')])
    expect(await states()).toEqual([state])
    expect((await store.attempts.list({ outcome: 'failed' })).items).toMatchObject(failures)
  })

  it('listens for a stop only while handlers are under way', async () => {
    const { receiver, clock, states } = setUp({ retry: { schedule: [60], jitter: 0 }, handlerTimeoutSeconds: 1 })
    const warnings: Error[] = []
    const warn = (warning: Error): void => void warnings.push(warning)
    process.on('warning', warn)
    receiver.on('*', async ({ id }) => {
      if (id === 'slow') await new Promise(() => {})
    })
    receiver.start()
    for (let n = 0; n < 30; n++) {
      await receiver.receive(acmeRequest(dealUpdated(n % 2 === 0 ? String(n) : 'slow')))
      await clock.advance(2_000)
    }
    await receiver.stop()
    await new Promise(resolve => setImmediate(resolve))
    process.off('warning', warn)
    expect(warnings).toEqual([])
    expect((await states()).filter(state => state === 'succeeded')).toHaveLength(15)
  })

  it('stores a repetition once, before and after it was handled', async () => {
    const { receiver, states } = setUp()
    receiver.on('*', () => {})
    const send = async () => (await receiver.receive(acmeRequest(dealUpdated('1')))).status
    expect([await send(), await send()]).toEqual([202, 200])
    await receiver.drain()
    expect(await send()).toBe(200)
    expect(await states()).toEqual(['succeeded'])
  })

  it('stores an event once that was stored just before its process died', async () => {
    const { store, clock, states } = setUp()
    const dedupe = overriding(store.dedupe, { complete: () => new Promise<void>(() => {}) })
    const dying = setUp({ store: { dedupe, deliveries: store.deliveries }, clock }).receiver
    void dying.receive(acmeRequest(dealUpdated('1')))
    await clock.advance(120_000)
    const next = setUp({ store, clock }).receiver
    expect((await next.receive(acmeRequest(dealUpdated('1')))).status).toBe(200)
    expect(await states()).toEqual(['pending'])
  })

  it('asks for another delivery when the store does not take the event, and takes that one', async () => {
    const { store, clock } = setUp()
    let broken = true
    const enqueue: typeof store.deliveries.enqueue = async (...given) => {
      if (broken) throw new Error('disk full')
      return store.deliveries.enqueue(...given)
    }
    const deliveries = overriding(store.deliveries, { enqueue })
    const { receiver } = setUp({ store: { dedupe: store.dedupe, deliveries }, clock })
    const refused = await receiver.receive(acmeRequest(dealUpdated('1')))
    expect([refused.status, refused.headers['retry-after']]).toEqual([503, '5'])
    broken = false
    expect((await receiver.receive(acmeRequest(dealUpdated('1')))).status).toBe(202)
  })

  it('handles the events of one record in turn where asked, and others meanwhile', async () => {
    const provider = acme({
      parse: request => {
        const parsed = acme().parse(request)
        if (!parsed.ok) return parsed
        return { ok: true, events: parsed.events.map(event => ({ ...event, recordId: event.id[0] })) as never }
      },
    })
    const { receiver, clock } = setUp({ provider, ordered: true, retry: { schedule: [60], jitter: 0 } })
    const seen: string[] = []
    receiver.on('*', ({ id }) => {
      seen.push(id)
      if (seen.length === 1) throw failing
    })
    await receiver.receive(acmeRequest([dealUpdated('a1'), dealUpdated('a2'), dealUpdated('b1')]))
    receiver.start()
    await clock.advance(61_000)
    await receiver.stop()
    expect(seen).toEqual(['a1', 'b1', 'a1', 'a2'])
  })

  it('answers at once where the sender reads the answer', async () => {
    const { receiver, states } = setUp()
    const response = await receiver.receive(
      acmeRequest({ id: 'q', type: 'question.asked', data: { text: '?' }, reply: true }),
    )
    expect([response.status, await states()]).toEqual([200, []])
  })

  it('takes up what was missed, and skips what is known', async () => {
    const { receiver, states } = setUp()
    await receiver.receive(acmeRequest(dealUpdated('1')))
    const parsed = acme().parse(acmeRequest([dealUpdated('1'), dealUpdated('2')]))
    if (!parsed.ok) throw new Error(parsed.message)
    expect(await receiver.reconcile(parsed.events)).toEqual({ total: 2, taken: 1, skipped: 1, failed: 0 })
    expect(await states()).toEqual(['pending', 'pending'])
  })

  it('shows the dead letters of one receiver by the cause, and has them handled again or puts them away', async () => {
    const { store, clock } = setUp()
    const own = setUp({ store, clock, name: 'own', retry: { schedule: [], jitter: 0 } }).receiver
    const other = setUp({ store, clock, name: 'other', retry: { schedule: [], jitter: 0 } }).receiver
    let works = false
    own.on('*', ({ id }) => {
      if (works) return
      if (id === '1') throw new TypeError(`no field ${id}`)
      throw Object.assign(new Error(`no host for ${id}`), { code: 'ECONNREFUSED' })
    })
    other.on('*', () => {
      throw failing
    })
    for (const receiver of [own, other]) {
      await receiver.receive(acmeRequest([dealUpdated('1'), dealUpdated('2'), dealUpdated('3')]))
      await receiver.drain()
    }
    const deliveries = own.deliveries
    if (deliveries === undefined) throw new Error('it stores nothing')
    const groups = await deliveries.failures()
    expect(groups).toMatchObject([
      { endpointId: 'own', direction: 'inbound', cause: 'handler_failed:ECONNREFUSED', count: 2 },
      { cause: 'handler_failed:TypeError', count: 1, sample: { lastError: 'no field 1' } },
    ])
    expect(await other.deliveries?.failures()).toMatchObject([
      { endpointId: 'other', cause: 'handler_failed', count: 3 },
    ])

    const [first, second] = groups
    if (first === undefined || second === undefined) throw new Error('nothing failed')
    works = true
    own.start()
    await clock.advance(0)
    expect(await deliveries.retryFailures(first)).toBe(2)
    // At once, without waiting for the next look into the store.
    await clock.advance(0)
    expect((await deliveries.list({ status: 'succeeded' })).items).toHaveLength(2)
    expect(await deliveries.discardFailures(second)).toBe(1)
    expect(await deliveries.failures()).toEqual([])
    await own.stop()
  })

  it('looks after its own deliveries only', async () => {
    const { store, clock } = setUp()
    const [own, other] = ['own', 'other'].map(name => setUp({ store, clock, name, retry: [] as number[] }).receiver)
    for (const receiver of [own, other]) {
      receiver?.on('*', () => {
        throw failing
      })
      await receiver?.receive(acmeRequest(dealUpdated('1')))
      await receiver?.drain()
    }
    const deliveries = own?.deliveries
    if (deliveries === undefined) throw new Error('it stores nothing')
    const [foreign] = (await store.deliveries.list({ endpointId: 'other' })).items
    const id = foreign?.id ?? ''
    expect(id).not.toBe('')
    for (const call of [deliveries.get(id), deliveries.retry(id), deliveries.cancel(id)]) {
      await expect(call).rejects.toMatchObject({ code: 'not_found' })
    }
    const key = { endpointId: 'other', cause: 'handler_failed' }
    expect((await deliveries.list()).items).toMatchObject([{ endpointId: 'own' }])
    expect((await deliveries.list({ endpointId: 'other' })).items).toEqual([])
    expect((await deliveries.list({ direction: 'outbound' })).items).toEqual([])
    expect(await deliveries.failures({ endpointId: 'other' })).toEqual([])
    expect([await deliveries.retryFailures(key), await deliveries.discardFailures(key)]).toEqual([0, 0])
    expect(await deliveries.replay({ endpointId: 'other' })).toBe(0)
    expect((await store.deliveries.list({ status: 'failed' })).items).toHaveLength(2)
    expect(await deliveries.replay({ endpointId: 'own' })).toBe(1)
  })

  it('has no deliveries where nothing is stored', () => {
    expect(setUp({ acknowledge: 'after-handling' }).receiver.deliveries).toBe(undefined)
  })

  it('refuses a store that keeps no deliveries, and a schedule that is none', () => {
    const { dedupe } = memoryStore()
    const create = (more: object) => () =>
      createReceiver({ provider: acme(), acknowledge: 'on-receipt', store: memoryStore(), ...more })
    expect(create({ store: { dedupe } })).toThrow(expect.objectContaining({ code: 'invalid_option' }))
    expect(create({ store: undefined })).toThrow(/store must be a whole store/)
    expect(create({ retry: 'sometimes' })).toThrow(/retry must be/)
    expect(create({ slots: 0 })).toThrow(/slots/)
  })
})

describe('acknowledge on receipt, two receivers on one SQLite file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'crm-webhooks-receipt-'))
  afterEach(() => rmSync(folder, { recursive: true, force: true }))

  it('handles each event once, however often it comes to either', async () => {
    const handled: string[] = []
    const stores = [0, 1].map(() => sqliteStore(join(folder, 'webhooks.db')))
    for (const store of stores) await store.start()
    const receivers = stores.map(store => createReceiver({ provider: acme(), acknowledge: 'on-receipt', store }))
    for (const receiver of receivers) receiver.on('*', ({ id }) => void handled.push(id))
    const ids = Array.from({ length: 40 }, (_, i) => `e${i}`)
    const answers = await Promise.all(
      ids.flatMap(id =>
        [0, 1, 0, 1].map(async which => (await receivers[which]?.receive(acmeRequest(dealUpdated(id))))?.status),
      ),
    )
    expect(answers.filter(status => status === 202)).toHaveLength(ids.length)
    await Promise.all(receivers.map(receiver => receiver.drain()))
    expect(handled.sort()).toEqual(ids.sort())
    for (const store of stores) await store.close()
  })
})
