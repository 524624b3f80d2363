import { type Clock, createReceiver, type DeliveryStore, type Store } from 'crm-webhooks'
import { memoryStore } from 'crm-webhooks/storage/memory'
import { type SimulatedWorld, SimulationError, type SimulationOptions, simulate } from 'crm-webhooks/testing'
import { describe, expect, it } from 'vitest'
import { acme, acmeRequest, dealUpdated } from '../support/acme.ts'
import { traffic } from './scenarios.ts'

const LIMIT_MS = 300_000
const MAX_SEEDS = 1_000

/** The first seed at which a scenario fails, or its result is one that must not be; `undefined` when none does. */
async function firstFound(
  options: SimulationOptions,
  scenario: (world: SimulatedWorld) => Promise<boolean>,
): Promise<string | undefined> {
  for (let seed = 1; seed <= MAX_SEEDS; seed++) {
    try {
      const { result } = await simulate({ ...options, seed }, scenario)
      if (!result) return `seed ${seed}: wrong`
    } catch (error) {
      if (!(error instanceof SimulationError)) throw error
      return error.message
    }
  }
  return undefined
}

/** A memory store, some of whose methods are wrong. */
function storeWith(change: (right: DeliveryStore, clock: Clock) => Partial<DeliveryStore>) {
  return (clock: Clock): Store => {
    const store = memoryStore({ clock })
    const right = store.deliveries
    const wrong = change(right, clock)
    const deliveries = new Proxy(right, {
      get(target, key) {
        const value: unknown = Reflect.get(key in wrong ? wrong : target, key)
        return typeof value === 'function' ? (value.bind(target) as unknown) : value
      },
    })
    return { ...store, deliveries }
  }
}

/** Traffic, and whether it went as it must. */
async function wentWell(world: SimulatedWorld): Promise<boolean> {
  const { withoutCause, disorder } = await traffic(world)
  return withoutCause.length + disorder.length === 0
}

describe('a store or an application that is wrong is found, when it', { timeout: LIMIT_MS }, () => {
  it('settles a delivery when it is claimed', async () => {
    const store = storeWith((right, clock) => ({
      async claim(request) {
        const claimed = await right.claim(request)
        const next = { status: 'succeeded', atMs: clock.now() } as const
        await right.settle(claimed.map(({ delivery, token }) => ({ deliveryId: delivery.id, token, next })))
        return claimed
      },
    }))
    expect(await firstFound({ store, faults: { kill: 0.03 } }, wentWell)).toMatch(/^lost: lead-\d/)
  })

  it('says that it stored an event, and does so later', async () => {
    let isDown = false
    const store = storeWith((right, clock) => ({
      async enqueue(events, options) {
        // What was to be written when the machine goes down is gone.
        clock.setTimer(() => void (isDown || right.enqueue(events, options)), 1_000)
        return events.map(() => ({ stored: true }) as const)
      },
    }))
    const scenario = async (world: SimulatedWorld): Promise<boolean> => {
      isDown = false
      world.clock.setTimer(() => {
        isDown = true
      }, 20_000 * world.random())
      return wentWell(world)
    }
    expect(await firstFound({ store }, scenario)).toMatch(/^lost: lead-\d/)
  })

  it('takes settlements from those who lost their claim', async () => {
    const store = storeWith(right => {
      const current = new Map<string, string>()
      return {
        async claim(request) {
          const claimed = await right.claim(request)
          for (const { delivery, token } of claimed) current.set(delivery.id, token)
          return claimed
        },
        settle: settlements =>
          right.settle(settlements.map(one => ({ ...one, token: current.get(one.deliveryId) ?? one.token }))),
      }
    })
    // Answers that come late come from those who stood still meanwhile.
    expect(await firstFound({ store, faults: { pause: 0.02 } }, wentWell)).toMatch(/wrong/)
  })

  it('forgets that a lease was renewed', async () => {
    const store = storeWith(() => ({ renew: async () => [] }))
    expect(await firstFound({ store }, wentWell)).toMatch(/wrong/)
  })

  it('lets ordered deliveries overtake each other', async () => {
    const store = storeWith(right => ({
      enqueue: (events, options) =>
        right.enqueue(
          events.map(one => ({ ...one, deliveries: one.deliveries.map(next => ({ ...next, ordered: false })) })),
          options,
        ),
    }))
    expect(await firstFound({ store }, wentWell)).toMatch(/wrong/)
  })

  it('does not know an idempotency key again', async () => {
    const store = storeWith(right => ({
      enqueue: (events, options) =>
        right.enqueue(
          events.map(({ idempotencyKey: _, ...one }) => one),
          options,
        ),
    }))
    // The second event has an id of its own, and so another content.
    expect(await firstFound({ store, faults: { loseAnswer: 0.05 } }, wentWell)).toMatch(/changed: lead-\d/)
  })

  it('answers a sender before the event is stored', async () => {
    const scenario = async (world: SimulatedWorld): Promise<boolean> => {
      const process = world.spawn('receiver', host => {
        const receiver = createReceiver({ ...host, provider: acme(), acknowledge: 'on-receipt' })
        receiver.on('deal.updated', ({ id }) => world.ledger.delivered(id))
        receiver.start()
        return receiver
      })
      const url = 'https://hooks.example.com/'
      world.serve(url, process, (receiver, request) => {
        void receiver.receive(request)
        return { status: 202, headers: {}, body: '' }
      })
      for (const id of ['1', '2', '3', '4']) {
        world.ledger.attempted(id)
        await world.insist(() => acmeRequest(dealUpdated(id), { url }))
        world.ledger.accepted(id)
        await world.sleep(5_000)
      }
      await world.settle()
      return true
    }
    expect(await firstFound({ faults: { kill: 0.05 } }, scenario)).toMatch(/^lost: \d/)
  })
})
