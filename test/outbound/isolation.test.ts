import { createSender } from 'crm-webhooks'
import { memoryStore } from 'crm-webhooks/storage/memory'
import { manualClock, scriptedTransport } from 'crm-webhooks/testing'
import { describe, expect, it } from 'vitest'
import { seeded } from '../../src/testing/simulation/seeded.ts'
import { bodyText, endpoint, guard } from './support.ts'

const PER_SECOND = 200
const SECONDS = 20
/** What is under way at the end may still arrive. */
const GRACE_MS = 1_000

interface Measured {
  readonly published: number
  readonly delivered: number
  readonly p50Ms: number
  readonly p99Ms: number
}

/**
 * Events at random times to random endpoints, some of which never answer, in virtual time: 50 slots, time limit 10 s.
 * Figures are those of the healthy endpoints, from `publish` to the answer.
 */
async function run(endpoints: number, hanging: number): Promise<Measured> {
  const clock = manualClock(Date.UTC(2026, 0, 5, 9))
  const random = seeded(7)
  const answerTimes = seeded(11)
  const transport = scriptedTransport(
    ({ url }) => (String(url).includes('dead') ? 'hang' : { status: 200, afterMs: 2 + 6 * answerTimes() }),
    clock,
  )
  const store = memoryStore({ clock, maxAttempts: 10 })
  const sender = createSender({ transport, guard, store, clock, random: () => 0, worker: { slots: 50 } })
  for (let i = 0; i < endpoints; i++) {
    const url = `https://${i < endpoints * hanging ? 'dead' : 'alive'}${i}.example.com/`
    await sender.endpoints.create(endpoint({ name: `${i}`, url, events: [`to.e${i}`], timeoutSeconds: 10 }))
  }
  const publishedAtMs = new Map<number, number>()
  const latencies: number[] = []
  sender.lifecycle.on('delivery.succeeded', ({ attempt }) => {
    const { data } = JSON.parse(attempt.requestBody) as { data: { n: number } }
    latencies.push(clock.now() - (publishedAtMs.get(data.n) ?? Number.NaN))
  })
  sender.start()
  const endMs = clock.now() + SECONDS * 1000
  for (let n = 0; clock.now() < endMs; n++) {
    await clock.advance((-Math.log(1 - random()) * 1000) / PER_SECOND)
    const target = Math.floor(random() * endpoints)
    if (target >= endpoints * hanging) publishedAtMs.set(n, clock.now())
    await sender.publish(`to.e${target}`, { n })
  }
  await clock.advance(GRACE_MS)
  latencies.sort((a, b) => a - b)
  const at = (part: number): number => latencies[Math.floor(latencies.length * part)] ?? Number.NaN
  const healthy = transport.requests.filter(({ url }) => String(url).includes('alive'))
  expect(new Set(healthy.map(bodyText)).size).toBe(healthy.length)
  return { published: publishedAtMs.size, delivered: latencies.length, p50Ms: at(0.5), p99Ms: at(0.99) }
}

describe.each([100, 1_000])('%i endpoints', endpoints => {
  it('do not wait for those that hang: 10 % and 50 %', async () => {
    const calm = await run(endpoints, 0)
    expect(calm.published).toBeGreaterThan(PER_SECOND * SECONDS * 0.9)
    expect(calm.delivered).toBe(calm.published)
    expect(calm.p99Ms).toBeLessThan(20)

    const tenth = await run(endpoints, 0.1)
    expect(tenth.delivered / tenth.published).toBeGreaterThanOrEqual(0.99)
    expect(tenth.p99Ms / calm.p99Ms).toBeLessThanOrEqual(1.2)

    const half = await run(endpoints, 0.5)
    expect(half.delivered / half.published).toBeGreaterThanOrEqual(0.99)
    expect(half.p99Ms / calm.p99Ms).toBeLessThanOrEqual(2)
  })
})
