import { memoryStore } from 'crm-webhooks/storage/memory'
import { manualClock } from 'crm-webhooks/testing'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Attempt } from '../../src/model/delivery.ts'
import type { AttemptEnd } from '../../src/queue/worker.ts'
import type { Store } from '../../src/storage/store.ts'
import { seeded } from '../../src/testing/simulation/seeded.ts'
import { Bench, eventFor, succeeded } from './support.ts'

type Fault = 'none' | 'before' | 'after'

/** A store whose calls fail now and then: before they did anything, or after, when nobody hears of it. */
function faulty(store: Store, fault: (call: string, args: readonly unknown[]) => Fault): Store {
  const deliveries = new Proxy(store.deliveries, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name)
      if (typeof value !== 'function' || typeof name !== 'string') return value
      return async (...args: unknown[]): Promise<unknown> => {
        const happens = fault(name, args)
        if (happens === 'before') throw new Error('the store is down')
        const result: unknown = await Reflect.apply(value, target, args)
        if (happens === 'after') throw new Error('the answer was lost')
        return result
      }
    },
  })
  return { ...store, deliveries }
}

function attemptOf(id: string): Attempt {
  return {
    id: `att_${id}`,
    direction: 'outbound',
    deliveryId: id,
    eventId: undefined,
    eventType: undefined,
    tenant: undefined,
    subject: undefined,
    endpointId: 'a',
    number: 1,
    startedAtMs: 1,
    durationMs: 1,
    outcome: 'succeeded',
    method: 'POST',
    url: 'https://a.example.com',
    requestHeaders: {},
    requestBody: '',
    status: 200,
    responseHeaders: {},
    responseBody: '',
    errorCode: undefined,
    errorMessage: undefined,
    externalId: undefined,
    isTest: false,
  }
}

describe('a store that fails at random', () => {
  it('costs no delivery and repeats none', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer(),
        fc.constantFrom(0.1, 0.3, 0.6),
        fc.boolean(),
        fc.integer({ min: 0, max: 5 }),
        async (seed, rate, lostAnswers, settleAfterMs) => {
          const random = seeded(seed)
          const clock = manualClock()
          const store = memoryStore({ clock })
          const broken = faulty(store, call => {
            if (call === 'enqueue' || call === 'get' || call === 'list' || random() > rate) return 'none'
            // An answer to a claim that is lost leaves the deliveries to their leases.
            return lostAnswers && random() < 0.5 ? 'after' : 'before'
          })
          const bench = new Bench(
            ({ delivery }) => ({
              afterMs: 1 + Math.floor(random() * 400),
              end: { ...succeeded, attempt: attemptOf(delivery.id) },
            }),
            { deliveries: broken.deliveries, settleAfterMs, slots: 5, leaseMs: 30_000 },
            { clock, store },
          )
          bench.worker.start()
          const lanes = ['a', 'b', 'c', 'd', 'e', 'f']
          for (let i = 0; i < 5; i++) {
            await bench.publish(eventFor(lanes), eventFor(['a'], { ordered: true, subject: 's' }))
            await clock.advance(Math.floor(random() * 2_000))
          }
          await clock.advance(600_000)
          const ids = bench.runs.map(({ id }) => id)
          expect(new Set(ids).size).toBe(ids.length)
          const { succeeded: done = 0, failed = 0 } = await bench.statuses()
          // Claims whose answers are lost again and again look like a delivery that kills its workers.
          expect(done + (lostAnswers ? failed : 0)).toBe(35)
          expect((await store.attempts.list({ limit: 250 })).items).toHaveLength(done)
        },
      ),
      { seed: 20_260_105, numRuns: 40 },
    )
  })

  it('for longer than a lease repeats nothing that ended meanwhile', async () => {
    let down = false
    const clock = manualClock()
    const store = memoryStore({ clock })
    const bench = new Bench(
      () => 2_000,
      { deliveries: faulty(store, () => (down ? 'before' : 'none')).deliveries, leaseMs: 10_000 },
      { clock, store },
    )
    bench.worker.start()
    await bench.publish(eventFor(['a', 'b', 'c']))
    await clock.advance(100)
    down = true
    await clock.advance(60_000)
    expect(bench.logger.lines.length).toBeGreaterThan(0)
    down = false
    await clock.advance(5_000)
    expect(bench.runs).toHaveLength(3)
    expect(await bench.statuses()).toEqual({ succeeded: 3 })
  })

  it('lets the others through when there is one outcome that it cannot take', async () => {
    const clock = manualClock()
    const store = memoryStore({ clock })
    const { deliveries } = faulty(store, (call, [settlements]) =>
      call === 'settle' && JSON.stringify(settlements).includes('poison') ? 'before' : 'none',
    )
    const poison: AttemptEnd = { ...succeeded, lastError: 'poison' }
    const bench = new Bench(
      ({ delivery }) => (delivery.lane === 'bad' ? { afterMs: 5, end: poison } : 5),
      { deliveries, settleAfterMs: 5 },
      { clock, store },
    )
    bench.worker.start()
    const lanes = Array.from({ length: 40 }, (_, i) => `lane-${i}`)
    for (let i = 0; i < 3; i++) await bench.publish(eventFor([...lanes, ...(i === 1 ? ['bad'] : [])]))
    await clock.advance(30_000)
    expect(await bench.statuses()).toEqual({ succeeded: 120, pending: 1 })
    await bench.publish(eventFor(['later']))
    await clock.advance(2_000)
    expect(await bench.statuses()).toEqual({ succeeded: 121, pending: 1 })
  })

  it('does not make the worker ask in a loop', async () => {
    let calls = 0
    const clock = manualClock()
    const store = memoryStore({ clock })
    const broken = faulty(store, () => {
      calls++
      return 'before'
    })
    const bench = new Bench(() => 1, { deliveries: broken.deliveries }, { clock, store })
    bench.worker.start()
    await clock.advance(60_000)
    expect(calls).toBeLessThan(70)
  })
})

describe('several workers on one store', () => {
  it('share the work and repeat nothing', async () => {
    const clock = manualClock()
    const store = memoryStore({ clock })
    const random = seeded(3)
    const benches = Array.from(
      { length: 4 },
      () => new Bench(() => 5 + Math.floor(random() * 50), { slots: 10, laneLimit: () => 4 }, { clock, store }),
    )
    const lanes = Array.from({ length: 10 }, (_, i) => `lane-${i}`)
    for (let i = 0; i < 100; i++) await store.deliveries.enqueue([eventFor(lanes)])
    for (const { worker } of benches) worker.start()
    await clock.advance(60_000)
    const ids = benches.flatMap(({ runs }) => runs.map(({ id }) => id))
    expect([ids.length, new Set(ids).size]).toEqual([1_000, 1_000])
    for (const { runs } of benches) expect(runs.length).toBeGreaterThan(50)
  })
})
