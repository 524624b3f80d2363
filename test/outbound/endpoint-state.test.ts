import { memoryStore } from 'crm-webhooks/storage/memory'
import { manualClock, scriptedTransport } from 'crm-webhooks/testing'
import { describe, expect, it } from 'vitest'
import { createSender, type Sender } from '../../src/outbound/sender.ts'
import type { DeliveryStore, Store } from '../../src/storage/store.ts'
import { endpoint, guard } from './support.ts'

const HOUR_MS = 3_600_000

/** The process that people use, and the one that sends, on one store. */
function twoProcesses(answer: () => number = () => 200, options: Partial<Parameters<typeof createSender>[0]> = {}) {
  const clock = manualClock(Date.UTC(2026, 0, 5, 9))
  const store = memoryStore({ clock })
  const transport = scriptedTransport(answer, clock)
  const make = (own: Store = store): Sender =>
    createSender({ transport, guard, clock, random: () => 0, ...options, store: own })
  return { clock, store, transport, web: make(), worker: make(), make }
}

/** A store of which some calls to its deliveries are somebody else's to answer. */
function withDeliveries(store: Store, own: Partial<DeliveryStore>): Store {
  const deliveries = new Proxy(store.deliveries, {
    get(target, name: keyof DeliveryStore) {
      const value = own[name] ?? target[name]
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
  return { ...store, endpoints: store.endpoints, attempts: store.attempts, dedupe: store.dedupe, deliveries }
}

describe('an endpoint that another process enabled', () => {
  it('gets what was published at once, although this process has not heard of it', async () => {
    const { clock, transport, web, worker } = twoProcesses()
    const { endpoint: made } = await web.endpoints.create(endpoint())
    await web.endpoints.disable(made.id)
    worker.start()
    await worker.publish('lead.created', {}) // reads the endpoints
    await clock.advance(1_000)
    await web.endpoints.enable(made.id)
    await web.publish('lead.created', {})
    await clock.advance(2_000)
    expect(transport.requests).toHaveLength(1)
  })

  it('gets what waited', async () => {
    const { clock, store, transport, web, worker } = twoProcesses()
    const { endpoint: made } = await web.endpoints.create(endpoint())
    worker.start()
    for (let i = 0; i < 5; i++) await web.publish('lead.created', {})
    await clock.advance(10_000)
    await web.endpoints.disable(made.id)
    await store.deliveries.retry({ endpointId: made.id, status: 'succeeded' }, clock.now())
    await clock.advance(12_000)
    expect(transport.requests).toHaveLength(5)
    await web.endpoints.enable(made.id)
    await clock.advance(5_000)
    expect(transport.requests).toHaveLength(10)
  })

  it('gets what was sent again after a 410', async () => {
    const answers = { status: 410 }
    const { clock, transport, web, worker } = twoProcesses(() => answers.status)
    const { endpoint: made } = await web.endpoints.create(endpoint())
    worker.start()
    await web.publish('lead.created', {})
    await clock.advance(1_000)
    expect((await web.endpoints.get(made.id)).disabledReason).toBe('gone')
    answers.status = 200
    await web.endpoints.enable(made.id)
    await web.deliveries.replay({ endpointId: made.id })
    await web.publish('lead.created', {})
    await clock.advance(2_000)
    expect(transport.requests.slice(1)).toHaveLength(2)
    expect((await web.deliveries.list({ status: 'failed' })).items).toEqual([])
  })

  it('gets what was just being put off, after a while', async () => {
    const { clock, store, transport, make } = twoProcesses()
    const slow = make(
      withDeliveries(store, {
        async settle(settlements) {
          await new Promise<void>(resolve => clock.setTimer(resolve, 5))
          return store.deliveries.settle(settlements)
        },
      }),
    )
    const { endpoint: made } = await slow.endpoints.create(endpoint())
    slow.start()
    await slow.publish('lead.created', {})
    await clock.advance(1_000)
    await slow.endpoints.disable(made.id)
    const [delivery] = (await slow.deliveries.list()).items
    await slow.deliveries.retry(delivery?.id ?? '')
    await clock.advance(2)
    await slow.endpoints.enable(made.id)
    await clock.advance(70_000)
    expect(transport.requests).toHaveLength(2)
  })

  it('was enabled while it was being disabled: what waits is not put off', async () => {
    const { clock, store, transport, web, make } = twoProcesses()
    let between = async (): Promise<void> => {}
    const other = make(
      withDeliveries(store, {
        async reschedule(...what) {
          const during = between
          between = async () => {}
          await during()
          return store.deliveries.reschedule(...what)
        },
      }),
    )
    const { endpoint: made } = await web.endpoints.create(endpoint())
    await web.publish('lead.created', {})
    between = async () => {
      await web.endpoints.enable(made.id)
    }
    await other.endpoints.disable(made.id)
    web.start()
    await clock.advance(1_000)
    expect(transport.requests).toHaveLength(1)
  })
})

describe('an endpoint that somebody disabled', () => {
  it('keeps what waits, which is seldom looked at', async () => {
    const { clock, store, transport, web } = twoProcesses()
    const { endpoint: made } = await web.endpoints.create(endpoint())
    for (let i = 0; i < 200; i++) await web.publish('lead.created', {})
    await web.endpoints.disable(made.id)
    let settled = 0
    const { settle } = store.deliveries
    store.deliveries.settle = settlements => {
      settled += settlements.length
      return settle.call(store.deliveries, settlements)
    }
    web.start()
    await clock.advance(24 * HOUR_MS)
    expect(transport.requests).toHaveLength(0)
    expect(settled).toBeLessThan(200 * 24)
    await web.endpoints.enable(made.id)
    await clock.advance(60_000)
    expect(transport.requests).toHaveLength(200)
  })

  it('is not said to have recovered by a probe that was under way', async () => {
    const answers = { status: 500 }
    const { clock, web, transport } = twoProcesses(() => answers.status, {
      disable: { afterSeconds: 5, minFailures: 1, probeEverySeconds: 60 },
    })
    const told: string[] = []
    web.lifecycle.on('endpoint.recovered', ({ endpointId }) => void told.push(endpointId))
    const { endpoint: made } = await web.endpoints.create(endpoint({ retry: [1, 10, 100, 1_000] }))
    web.start()
    await web.publish('lead.created', {})
    await clock.advance(12_000)
    expect((await web.endpoints.get(made.id)).status).toBe('disabled')
    answers.status = 200
    const { send } = transport
    transport.send = async request => {
      await web.endpoints.disable(made.id)
      return send.call(transport, request)
    }
    await clock.advance(600_000)
    expect((await web.endpoints.get(made.id)).disabledReason).toBe('manual')
    expect(told).toEqual([])
  })
})

describe('a run of failures', () => {
  const disable = { afterSeconds: 3_600, minFailures: 3 }

  it.each([50, 0])('ends with a success that comes %i ms after them, whenever that began', async laterMs => {
    const clock = manualClock(Date.UTC(2026, 0, 5, 9))
    const store = memoryStore({ clock })
    const { replace } = store.endpoints
    store.endpoints.replace = async (...what) => {
      await new Promise<void>(resolve => clock.setTimer(resolve, 5))
      return replace.apply(store.endpoints, what)
    }
    let isBad = false
    let count = 0
    const transport = scriptedTransport(
      () => (isBad && ++count % 4 !== 0 ? { status: 500, afterMs: 10 } : { status: 200, afterMs: 10 + laterMs }),
      clock,
    )
    const rule = { ...disable, minFailures: 1 }
    const sender = createSender({ transport, guard, store, clock, random: () => 0, disable: rule })
    const { endpoint: made } = await sender.endpoints.create(endpoint({ retry: [] }))
    sender.start()
    const publish = async (times: number): Promise<void> => {
      for (let i = 0; i < times; i++) await sender.publish('lead.created', { i })
      await clock.advance(2_000)
    }
    // It is known to take four at once.
    await publish(20)
    isBad = true
    await publish(4)
    expect(count).toBe(4)
    await clock.advance(2 * HOUR_MS)
    await publish(1)
    expect(await sender.endpoints.get(made.id)).toMatchObject({ status: 'active' })
  })

  it('has nothing of those before the endpoint was enabled', async () => {
    const { clock, transport, web } = twoProcesses(() => 500, { disable })
    const { endpoint: made } = await web.endpoints.create(endpoint({ retry: [] }))
    web.start()
    const publish = async (times: number): Promise<void> => {
      for (let i = 0; i < times; i++) await web.publish('lead.created', { i })
      await clock.advance(2 * HOUR_MS)
    }
    await publish(5)
    await web.endpoints.enable(made.id)
    await publish(1)
    await publish(1)
    expect(await web.endpoints.get(made.id)).toMatchObject({ status: 'active' })
    await publish(1)
    expect(await web.endpoints.get(made.id)).toMatchObject({ status: 'disabled', disabledReason: 'failing' })
    expect(transport.requests).toHaveLength(8)
  })
})

describe('a store that fails to reschedule once', () => {
  const failingOnce = (store: Store, state: { fail: boolean }): Store =>
    withDeliveries(store, {
      async reschedule(...what) {
        if (state.fail) {
          state.fail = false
          throw new Error('connection reset')
        }
        return store.deliveries.reschedule(...what)
      },
    })

  it('does not make a request that succeeded be sent again, nor unrecorded', async () => {
    const state = { fail: false, status: 500 }
    const { clock, store, transport, make } = twoProcesses(() => state.status, {
      disable: { afterSeconds: 5, minFailures: 1, probeEverySeconds: 60 },
    })
    const sender = make(failingOnce(store, state))
    const told: string[] = []
    sender.lifecycle.on('endpoint.recovered', ({ endpointId }) => void told.push(endpointId))
    const { endpoint: made } = await sender.endpoints.create(endpoint({ retry: [1, 10, 100, 1_000] }))
    sender.start()
    await sender.publish('lead.created', {})
    await clock.advance(12_000)
    Object.assign(state, { status: 200, fail: true })
    await clock.advance(600_000)
    const { items } = await sender.attempts.list()
    expect(items).toHaveLength(transport.requests.length)
    expect(items.filter(({ outcome }) => outcome === 'succeeded')).toHaveLength(1)
    expect(told).toEqual([made.id])
  })

  it('does not lose the attempt that was answered 410', async () => {
    const state = { fail: true }
    const { clock, store, make } = twoProcesses(() => 410)
    const sender = make(failingOnce(store, state))
    await sender.endpoints.create(endpoint())
    sender.start()
    await sender.publish('lead.created', {})
    await clock.advance(1_000)
    expect(state.fail).toBe(false)
    expect((await sender.attempts.list()).items).toMatchObject([{ status: 410 }])
  })
})

it('disables what only fails, also when each process lives for an hour only', async () => {
  const { clock, web, make } = twoProcesses(() => 500)
  const { endpoint: made } = await web.endpoints.create(
    endpoint({ retry: { schedule: [60, 3_600, 7_200], jitter: 0 } }),
  )
  for (let hour = 0; hour < 24 * 7; hour++) {
    await web.publish('lead.created', {})
    await make().drain()
    await clock.advance(HOUR_MS)
  }
  expect((await web.endpoints.get(made.id)).disabledReason).toBe('failing')
})
