import { createSender, systemClock } from 'crm-webhooks'
import { memoryStore } from 'crm-webhooks/storage/memory'
import { describe, expect, it } from 'vitest'
import type { Transport, TransportRequest } from '../../src/transports/transport.ts'
import { endpoint, guard } from './support.ts'

const EVENTS = 10_000
const ENDPOINTS = 3

/** Counts what arrives, by endpoint and event, and answers in the same turn or in a later one. */
function countingTransport(answer: (request: TransportRequest) => number) {
  const counts = new Map<string, number>()
  const transport: Transport = {
    async send(request) {
      const key = `${request.owner} ${request.headers['webhook-id']}`
      const status = answer(request)
      if (counts.size % 7 === 0) await new Promise(resolve => setImmediate(resolve))
      if (status < 300) counts.set(key, (counts.get(key) ?? 0) + 1)
      return { ok: true, status, headers: {}, body: new Uint8Array(), truncated: false, durationMs: 0 }
    },
  }
  return { transport, counts }
}

async function publishAll(transport: Transport, retry: readonly number[]) {
  const store = memoryStore({ clock: systemClock, maxFinishedEvents: EVENTS, maxAttempts: 1_000 })
  const sender = createSender({ transport, guard, store, random: () => 0 })
  for (let i = 0; i < ENDPOINTS; i++) {
    await sender.endpoints.create(
      endpoint({ url: `https://e${i}.example.com/`, events: ['*'], retry, maxInFlight: 50 }),
    )
  }
  sender.start()
  const ids: string[] = []
  for (let i = 0; i < EVENTS; i += 100) {
    const batch = Array.from({ length: 100 }, (_, j) => sender.publish('lead.created', { i: i + j }))
    for (const { eventId, deliveries } of await Promise.all(batch)) {
      expect(deliveries).toBe(ENDPOINTS)
      ids.push(eventId)
    }
  }
  return { sender, ids }
}

describe('without a failing endpoint', () => {
  it('10,000 events arrive at three endpoints exactly once each', async () => {
    const { transport, counts } = countingTransport(() => 200)
    const { sender, ids } = await publishAll(transport, [])
    await sender.drain()
    await sender.stop()
    expect(new Set(ids).size).toBe(EVENTS)
    expect(counts.size).toBe(EVENTS * ENDPOINTS)
    expect(new Set(counts.values())).toEqual(new Set([1]))
    expect((await sender.deliveries.list({ status: 'pending' })).items).toEqual([])
    expect((await sender.deliveries.list({ status: 'failed' })).items).toEqual([])
  })
})

describe('with every seventh attempt failing', () => {
  it('10,000 events succeed at three endpoints exactly once each', async () => {
    let attempts = 0
    const { transport, counts } = countingTransport(() => (++attempts % 7 === 0 ? 500 : 200))
    const { sender } = await publishAll(
      transport,
      Array.from({ length: 20 }, () => 0.001),
    )
    for (let i = 0; i < 1_000 && counts.size < EVENTS * ENDPOINTS; i++) {
      await new Promise(resolve => setTimeout(resolve, 5))
      await sender.drain()
    }
    await sender.stop()
    expect(counts.size).toBe(EVENTS * ENDPOINTS)
    expect(new Set(counts.values())).toEqual(new Set([1]))
    expect((await sender.deliveries.list({ status: 'failed' })).items).toEqual([])
  })
})
