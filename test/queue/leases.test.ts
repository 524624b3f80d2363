import { memoryStore } from 'crm-webhooks/storage/memory'
import { manualClock } from 'crm-webhooks/testing'
import { describe, expect, it } from 'vitest'
import { Bench } from './support.ts'

const LEASE_MS = 30_000

/** A delivery that was handed to the worker so long after its ticket was drawn. */
async function handedOver(afterMs: number, attemptMs: number) {
  const clock = manualClock()
  const store = memoryStore({ clock })
  const bench = new Bench(() => attemptMs, { leaseMs: LEASE_MS }, { clock, store })
  bench.worker.start()
  await clock.advance(1)
  const reserved = await bench.storeReserved('a')
  await clock.advance(afterMs)
  reserved.handOver()
  return bench
}

describe('the lease of a delivery that took long to store', () => {
  it('began with its ticket: what ran out meanwhile is left to whoever claimed it', async () => {
    const bench = await handedOver(LEASE_MS + 1_000, 5_000)
    await bench.clock.advance(60_000)
    // Its own worker has claimed it again by then, and made the only attempt.
    expect(bench.runs).toHaveLength(1)
    expect(await bench.statuses()).toEqual({ succeeded: 1 })
  })

  it('is renewed before it runs out', async () => {
    const bench = await handedOver(LEASE_MS - 2_000, 100_000)
    await bench.clock.advance(120_000)
    expect(bench.runs).toHaveLength(1)
    expect(await bench.statuses()).toEqual({ succeeded: 1 })
    expect(bench.logger.lines).toEqual([])
  })
})
