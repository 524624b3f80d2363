import { memoryStore } from 'crm-webhooks/storage/memory'
import { manualClock, storeContract } from 'crm-webhooks/testing'
import { describe, expect, it } from 'vitest'
import { deliveryId } from '../../src/model/delivery.ts'
import { backlog } from '../../src/testing/store-contract/support.ts'

describe('memory store', () => {
  storeContract(() => memoryStore(), { describe, it, expect })
})

describe('memory store on a manual clock', () => {
  const clock = manualClock()
  storeContract(() => memoryStore({ clock }), { describe, it, expect, clock })
})

describe('a memory store with limits', () => {
  it('forgets what ended first, and nothing that waits', async () => {
    const { deliveries } = memoryStore({ maxFinishedEvents: 16 })
    const [waiting, ...ended] = backlog('a', 41)
    await deliveries.enqueue([...(waiting ? [waiting] : []), ...ended])
    for (const { event } of ended) await deliveries.cancel(deliveryId(event.id, 0), 0)
    const kept = await Promise.all(ended.map(({ event }) => deliveries.get(deliveryId(event.id, 0))))
    const newest = kept.slice(-16)
    expect(newest.every(found => found !== undefined)).toBe(true)
    expect(kept.slice(0, 20).every(found => found === undefined)).toBe(true)
    expect((await deliveries.list({ status: 'pending' })).items).toHaveLength(1)
  })
})
