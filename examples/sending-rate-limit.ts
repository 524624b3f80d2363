// An endpoint that can take only so much: npx tsx examples/sending-rate-limit.ts
import { createAddressGuard, createSender } from 'crm-webhooks'
import { manualClock, scriptedTransport } from 'crm-webhooks/testing'

const clock = manualClock(Date.UTC(2026, 0, 5, 9))
const startedAtMs = clock.now()
const times: number[] = []
const transport = scriptedTransport(() => {
  times.push(Math.floor((clock.now() - startedAtMs) / 1000))
  return 200
}, clock)
const guard = createAddressGuard({ lookup: async () => ['93.184.216.34'] })
const sender = createSender({ transport, guard, clock })
sender.start()

// Five at once at most, then one every two seconds. It counts for each worker process by itself.
await sender.endpoints.create({
  name: 'Small shop',
  url: 'https://shop.example.com/',
  events: ['*'],
  rateLimit: { limit: 5, perSeconds: 10 },
})
for (let i = 1; i <= 12; i++) await sender.publish('lead.created', { i })
await clock.advance(60_000)
console.log(`sent after ${times.join(', ')} seconds`)
await sender.stop()

// Prints:
// sent after 0, 0, 0, 0, 0, 2, 4, 6, 8, 10, 12, 14 seconds
