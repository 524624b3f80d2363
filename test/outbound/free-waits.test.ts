import { memoryStore } from 'crm-webhooks/storage/memory'
import { sqliteStore } from 'crm-webhooks/storage/sqlite'
import { manualClock, scriptedTransport } from 'crm-webhooks/testing'
import Database from 'libsql'
import { expect, it } from 'vitest'
import { createSender } from '../../src/outbound/sender.ts'
import { MAX_FREE_WAITS } from '../../src/retry/retry-policy.ts'
import { endpoint, guard } from './support.ts'

it.each(['memory', 'sqlite'])('waits that spend no try are granted anew by a retry by hand: %s', async kind => {
  const clock = manualClock(Date.UTC(2026, 0, 5, 9))
  const store = kind === 'memory' ? memoryStore({ clock }) : sqliteStore(new Database(':memory:'), { clock })
  const transport = scriptedTransport([{ status: 429, headers: { 'Retry-After': '60' } }], clock)
  const sender = createSender({ transport, guard, store, clock, random: () => 0 })
  await sender.endpoints.create(endpoint({ retry: [30] }))
  await sender.publish('lead.created', {})
  for (const times of [1, 2, 3]) {
    for (let minute = 0; minute < 20; minute++) {
      await sender.drain()
      await clock.advance(60_000)
    }
    expect(transport.requests).toHaveLength(times * (2 + MAX_FREE_WAITS))
    const [delivery] = (await sender.deliveries.list({ status: 'failed' })).items
    await sender.deliveries.retry(delivery?.id ?? '')
  }
})
