import { memoryStore } from 'crm-webhooks/storage/memory'
import { type ManualClock, manualClock } from 'crm-webhooks/testing'
import { describe, expect, it } from 'vitest'
import { createSender, type Sender } from '../../src/outbound/sender.ts'
import type { Transport, TransportResult } from '../../src/transports/transport.ts'
import { endpoint, guard } from './support.ts'

/** A transport that counts how many requests are open at once. */
class Counting implements Transport {
  open = 0
  most = 0
  count = 0
  status = 200
  readonly #clock: ManualClock

  constructor(clock: ManualClock) {
    this.#clock = clock
  }

  send(): Promise<TransportResult> {
    this.count++
    this.most = Math.max(this.most, ++this.open)
    const { status } = this
    return new Promise(resolve => {
      this.#clock.setTimer(() => {
        this.open--
        resolve({ ok: true, status, headers: {}, body: new Uint8Array(), truncated: false, durationMs: 20 })
      }, 20)
    })
  }

  reset(): void {
    this.most = this.count = 0
  }
}

describe('an endpoint that another process found to be failing', () => {
  it.each(['none', 'subject'] as const)('is probed by one delivery at a time, with the order %s', async ordering => {
    const clock = manualClock(Date.UTC(2026, 0, 5, 9))
    const store = memoryStore({ clock })
    const { version } = store.endpoints
    let isSlow = false
    store.endpoints.version = async () => {
      if (isSlow) await new Promise<void>(resolve => clock.setTimer(resolve, 5))
      return version.call(store.endpoints)
    }
    const transports = [new Counting(clock), new Counting(clock)] as const
    const disable = { afterSeconds: 5, minFailures: 2, probeEverySeconds: 60 }
    const retry = Array.from({ length: 12 }, () => 1)
    const make = (transport: Transport): Sender =>
      createSender({ transport, guard, store, clock, random: () => 0, disable })
    const [first, second] = [make(transports[0]), make(transports[1])]
    const { endpoint: saved } = await first.endpoints.create(endpoint({ retry, ordering, maxInFlight: 10 }))
    const publish = async (sender: Sender, count: number): Promise<void> => {
      for (let i = 0; i < count; i++) await sender.publish('lead.created', {}, { subject: `s${i}` })
    }
    first.start()
    second.start()
    await publish(first, 200)
    await publish(second, 200)
    await clock.advance(5_000)
    expect(transports[1].most).toBeGreaterThan(5)
    const stopped = second.stop()
    await clock.advance(10)
    await stopped

    for (const transport of transports) transport.status = 500
    await publish(first, 3)
    await clock.advance(20_000)
    expect(await first.endpoints.get(saved.id)).toMatchObject({ status: 'disabled', disabledReason: 'failing' })
    await publish(first, 30)
    const ended = first.stop()
    await clock.advance(2_000)
    await ended

    // What is claimed before the store has told the state is begun by what was known before.
    isSlow = true
    transports[1].reset()
    second.start()
    await clock.advance(200_000)
    expect(transports[1].most).toBe(1)
    expect(transports[1].count).toBeLessThanOrEqual(4)

    transports[1].status = 200
    await clock.advance(120_000)
    expect((await first.deliveries.list({ status: 'pending' })).items).toEqual([])
  })
})
