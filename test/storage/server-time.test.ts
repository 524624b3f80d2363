import { type Store, systemClock } from 'crm-webhooks'
import { memoryStore } from 'crm-webhooks/storage/memory'
import { storeContract } from 'crm-webhooks/testing'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { onServerTime, ServerTime } from '../../src/storage/sql/postgres/server-time.ts'

const DAY_MS = 86_400_000

afterEach(() => vi.restoreAllMocks())

/** A store whose server is a day ahead of this process. */
function serverAhead(): Store {
  const store = memoryStore()
  const time = new ServerTime(async () => Date.now() + DAY_MS, systemClock)
  return { ...store, deliveries: onServerTime(store.deliveries, time) }
}

describe('deliveries in the time of a server whose clock is another', () => {
  storeContract(serverAhead, { describe, it, expect })
})

describe('the time of the server', () => {
  it('is ours when the clocks agree well enough', async () => {
    const time = new ServerTime(async () => Date.now() + 500, systemClock)
    expect(await time.aheadMs()).toBe(0)
  })

  it('is compared once for all who ask, and not again for a while', async () => {
    const ask = vi.fn(async () => Date.now() + DAY_MS)
    const time = new ServerTime(ask, systemClock)
    const [first, second] = await Promise.all([time.aheadMs(), time.aheadMs()])
    expect(first).toBe(second)
    expect(Math.abs(first - DAY_MS)).toBeLessThan(1_000)
    expect(time.aheadMs()).toBe(first)
    expect(ask).toHaveBeenCalledTimes(1)
  })

  it('is compared anew when the clock of this process jumps', async () => {
    const right = Date.now
    const time = new ServerTime(async () => right(), systemClock)
    expect(await time.aheadMs()).toBe(0)
    vi.spyOn(Date, 'now').mockImplementation(() => right() + DAY_MS)
    expect(Math.abs(DAY_MS + (await time.aheadMs()))).toBeLessThan(1_000)
    expect(time.lastAheadMs).toBeLessThan(0)
  })
})
