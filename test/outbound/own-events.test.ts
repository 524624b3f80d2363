import { memoryStore } from 'crm-webhooks/storage/memory'
import { manualClock, scriptedTransport } from 'crm-webhooks/testing'
import { describe, expect, it } from 'vitest'
import { createSender } from '../../src/outbound/sender.ts'
import { endpoint, guard } from './support.ts'

describe("the sender's own events, told of the last deliveries", () => {
  /** A store that takes its time, or for ever, and the types of what it has. */
  const slow = () => {
    const clock = manualClock(Date.UTC(2026, 0, 5, 9))
    const store = memoryStore({ clock })
    const { enqueue } = store.deliveries
    const stored: string[] = []
    let tookMs = 5
    store.deliveries.enqueue = async (...what) => {
      await new Promise<void>(resolve => clock.setTimer(resolve, tookMs))
      const answer = await enqueue.apply(store.deliveries, what)
      stored.push(...what[0].map(({ event }) => event.type))
      return answer
    }
    const transport = scriptedTransport(
      ({ url }) => ({ status: String(url).includes('billing') ? 400 : 200, afterMs: 50 }),
      clock,
    )
    const sender = createSender({ transport, guard, store, clock, random: () => 0 })
    const prepare = async (): Promise<void> => {
      await sender.endpoints.create(endpoint())
      const watch = { url: 'https://watch.example.com/', events: ['webhook.delivery.exhausted'] }
      await sender.endpoints.create(endpoint(watch))
      const published = sender.publish('lead.created', {})
      await clock.advance(5)
      await published
    }
    const hang = (): void => {
      tookMs = 3_600_000
    }
    return { clock, transport, sender, prepare, stored, hang }
  }

  it('are sent by the same drain', async () => {
    const { clock, transport, sender, prepare } = slow()
    await prepare()
    const drained = sender.drain()
    await clock.advance(200)
    expect(await drained).toBe(2)
    expect(transport.requests.map(({ headers }) => headers['X-Webhook-Event'])).toEqual([
      'lead.created',
      'webhook.delivery.exhausted',
    ])
  })

  it('are left by a drain that a stop ends', async () => {
    const { clock, transport, sender, prepare } = slow()
    await prepare()
    const drained = sender.drain()
    await clock.advance(52)
    const stopped = sender.stop()
    await clock.advance(200)
    await stopped
    expect([await drained, transport.requests.length]).toEqual([1, 1])
  })

  it('are stored when a stop has ended', async () => {
    const { clock, sender, prepare, stored } = slow()
    sender.start()
    await prepare()
    const atEnd = sender.stop().then(() => [...stored])
    await clock.advance(200)
    expect(await atEnd).toEqual(['lead.created', 'webhook.delivery.failed', 'webhook.delivery.exhausted'])
    expect(clock.pending).toBe(0)
  })

  it('do not hold a stop up for long when the store does not answer', async () => {
    const { clock, sender, prepare, hang } = slow()
    sender.start()
    await prepare()
    hang()
    const fromMs = clock.now()
    const tookMs = sender.stop().then(() => clock.now() - fromMs)
    await clock.advance(10_000)
    expect(await tookMs).toBe(1_050)
  })
})
