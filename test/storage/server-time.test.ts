import { type Store, systemClock } from 'crm-webhooks'
import { memoryStore } from 'crm-webhooks/storage/memory'
import { storeContract } from 'crm-webhooks/testing'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { dedupeOnServerTime, onServerTime, ServerTime } from '../../src/storage/sql/postgres/server-time.ts'

const DAY_MS = 86_400_000

afterEach(() => vi.restoreAllMocks())

/** A store whose server is a day ahead of this process. */
function serverAhead(): Store {
  const store = memoryStore()
  const time = new ServerTime(async () => Date.now() + DAY_MS, systemClock)
  return {
    ...store,
    deliveries: onServerTime(store.deliveries, time),
    dedupe: dedupeOnServerTime(store.dedupe, time),
  }
}

describe('a store in the time of a server whose clock is another', () => {
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

  it('is not learnt from an answer that was waited for long, which may have been given at any time', async () => {
    let [runMs, tookMs, serverMs] = [0, 0, DAY_MS]
    vi.spyOn(performance, 'now').mockImplementation(() => runMs)
    const clock = { now: () => runMs, setTimer: () => () => undefined }
    const ask = vi.fn(async () => {
      runMs += tookMs
      return runMs + serverMs
    })
    const time = new ServerTime(ask, clock)
    tookMs = 8_000
    expect(await time.aheadMs()).toBe(0)
    // Nor is it asked for again with every call.
    expect(await time.aheadMs()).toBe(0)
    expect(ask).toHaveBeenCalledTimes(1)
    runMs += 5_000
    tookMs = 0
    expect(await time.aheadMs()).toBe(DAY_MS)
    runMs += 60_000
    ;[tookMs, serverMs] = [8_000, 0]
    expect(await time.aheadMs()).toBe(DAY_MS)
  })

  it('keeps up with the clock of this process, when nothing can be learnt from the server', async () => {
    let [runMs, jumpedMs, tookMs] = [0, 0, 0]
    vi.spyOn(performance, 'now').mockImplementation(() => runMs)
    const clock = { now: () => runMs + jumpedMs, setTimer: () => () => undefined }
    const time = new ServerTime(async () => {
      runMs += tookMs
      return runMs
    }, clock)
    expect(await time.aheadMs()).toBe(0)
    ;[jumpedMs, tookMs] = [DAY_MS, 8_000]
    expect(await time.aheadMs()).toBe(-DAY_MS)
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
