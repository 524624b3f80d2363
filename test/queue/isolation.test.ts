import { memoryStore } from 'crm-webhooks/storage/memory'
import { manualClock } from 'crm-webhooks/testing'
import { describe, expect, it } from 'vitest'
import { seeded } from '../../src/testing/simulation/seeded.ts'
import { Bench, countCalls, eventFor } from './support.ts'

const LANES = 1_000
const PER_SECOND = 200
const SECONDS = 60
const SLOTS = 50
const HANG_MS = 10_000

interface Figures {
  readonly published: number
  readonly delivered: number
  /** From publication to the end of the attempt, in virtual milliseconds. */
  readonly p99Ms: number
  /** From publication to the start of the attempt. */
  readonly longestWaitMs: number
}

/** A minute of Poisson traffic; the first lanes hang. The figures are those of the healthy ones. */
async function simulate(hanging: number, seed = 7): Promise<Figures> {
  const random = seeded(seed)
  const hangs = (lane: string): boolean => Number(lane.slice(5)) < hanging
  const bench = new Bench(
    ({ delivery }) =>
      hangs(delivery.lane)
        ? { afterMs: HANG_MS, end: { next: { status: 'failed', atMs: 1 } } }
        : 2 + Math.floor(random() * 20),
    { slots: SLOTS, settleAfterMs: 2 },
  )
  bench.worker.start()
  const startMs = bench.clock.now()
  const publishedAtMs = new Map<string, number>()
  let nextAtMs = 0
  while (nextAtMs < SECONDS * 1_000) {
    await bench.clock.advance(startMs + nextAtMs - bench.clock.now())
    const event = eventFor([`lane-${Math.floor(random() * LANES)}`])
    publishedAtMs.set(`${event.event.id}_0`, bench.clock.now())
    await bench.publish(event)
    nextAtMs += Math.ceil((-Math.log(1 - random()) * 1_000) / PER_SECOND)
  }
  await bench.clock.advance(1_000)
  const healthy = bench.runs.filter(({ lane }) => !hangs(lane))
  const latencies: number[] = []
  let longestWaitMs = 0
  for (const { id, startedAtMs, endedAtMs } of healthy) {
    const fromMs = publishedAtMs.get(id) ?? 0
    longestWaitMs = Math.max(longestWaitMs, startedAtMs - fromMs)
    latencies.push((endedAtMs ?? Number.POSITIVE_INFINITY) - fromMs)
  }
  latencies.sort((a, b) => a - b)
  const published = (await bench.store.deliveries.list({ limit: 1 })).items.length > 0 ? publishedAtMs.size : 0
  return {
    published,
    delivered: healthy.filter(({ endedAtMs }) => endedAtMs !== undefined).length,
    p99Ms: latencies[Math.ceil(0.99 * latencies.length) - 1] ?? 0,
    longestWaitMs,
  }
}

describe('a minute of traffic to 1,000 endpoints through 50 slots', () => {
  it('is not slower for the healthy ones when 10 % or 50 % hang', async () => {
    const unloaded = await simulate(0)
    const tenth = await simulate(100)
    const half = await simulate(500)
    expect(unloaded.delivered).toBe(unloaded.published)
    expect(tenth.p99Ms).toBeLessThanOrEqual(1.2 * unloaded.p99Ms)
    expect(half.p99Ms).toBeLessThanOrEqual(2 * unloaded.p99Ms)
    // A slot is free again after 250 ms at the latest, by which time a hanging request no longer counts.
    for (const figures of [unloaded, tenth, half]) expect(figures.longestWaitMs).toBeLessThanOrEqual(250)
  }, 60_000)

  it('starves the healthy ones when slow requests keep their slots: the measure tells the difference', async () => {
    const bench = new Bench(({ delivery }) => (delivery.lane.startsWith('hung') ? HANG_MS : 5), {
      slots: SLOTS,
      slowAfterMs: Number.POSITIVE_INFINITY,
    })
    bench.worker.start()
    await bench.publish(eventFor(Array.from({ length: 100 }, (_, i) => `hung-${i}`)))
    await bench.clock.advance(10)
    await bench.publish(eventFor(['fine']))
    await bench.clock.advance(9_000)
    expect(bench.lanesRun()).not.toContain('fine')
  })
})

describe('a burst', () => {
  it('of hanging lanes with a backlog holds the healthy ones up once, for as long as the slots need to find out', async () => {
    const bench = new Bench(({ delivery }) => (delivery.lane.startsWith('hung') ? HANG_MS : 5), { slots: SLOTS })
    bench.worker.start()
    const hung = Array.from({ length: 500 }, (_, i) => `hung-${i}`)
    for (let i = 0; i < 5; i++) await bench.publish(eventFor(hung))
    const healthy = Array.from({ length: 500 }, (_, i) => `fine-${i}`)
    await bench.publish(eventFor(healthy))
    const fine = (): number => bench.lanesRun().filter(lane => lane.startsWith('fine')).length
    // 500 lanes through 50 slots, 250 ms each.
    await bench.clock.advance(2_600)
    expect(fine()).toBe(500)
    // From then on the healthy ones start at once, also while hanging ones end and begin.
    for (let second = 0; second < 30; second++) {
      const before = fine()
      await bench.publish(eventFor(healthy.slice(0, SLOTS)))
      await bench.clock.advance(0)
      expect(fine() - before).toBe(SLOTS)
      await bench.clock.advance(1_000)
    }
    expect(bench.open).toBe(500)
  })

  it('of one lane does not cost the store a call for each delivery that waits', async () => {
    const clock = manualClock()
    const counted = countCalls(memoryStore({ clock }))
    const bench = new Bench(() => 10, { settleAfterMs: 2 }, { clock, store: counted.store })
    await counted.store.deliveries.enqueue(Array.from({ length: 1_000 }, () => eventFor(['a'])))
    bench.worker.start()
    await clock.advance(2_000)
    expect(bench.runs).toHaveLength(1_000)
    expect(bench.maxOpen).toBe(10)
    expect((counted.calls.claim ?? 0) + (counted.calls.settle ?? 0)).toBeLessThan(1_500)
  })
})
