// Events of one record arrive in order, whatever fails in between: npx tsx examples/sending-in-order.ts
import { createAddressGuard, createSender } from 'crm-webhooks'
import { manualClock, scriptedTransport } from 'crm-webhooks/testing'
import { textOf } from './support/local-server.ts'

const clock = manualClock(Date.UTC(2026, 0, 5, 9))
const startedAtMs = clock.now()
let failures = 1
const transport = scriptedTransport(request => {
  const { data } = JSON.parse(textOf(request)) as { data: { lead: string; step: number } }
  // The first event of lead A fails once.
  const fails = data.lead === 'A' && data.step === 1 && failures-- > 0
  console.log(
    `${Math.floor((clock.now() - startedAtMs) / 1000)} s: lead ${data.lead}, step ${data.step}${fails ? ', fails' : ''}`,
  )
  return fails ? 503 : 200
}, clock)
const guard = createAddressGuard({ lookup: async () => ['93.184.216.34'] })
const sender = createSender({ transport, guard, clock, random: () => 0 })
sender.start()

await sender.endpoints.create({
  name: 'Ledger',
  url: 'https://ledger.example.com/',
  events: ['lead.*'],
  ordering: 'subject',
  retry: [30, 30],
})
for (const [lead, step] of [
  ['A', 1],
  ['B', 1],
  ['A', 2],
  ['B', 2],
  ['A', 3],
] as const) {
  await sender.publish('lead.updated', { lead, step }, { subject: lead })
}
// Steps 2 and 3 of lead A wait for step 1; lead B does not wait for lead A.
await clock.advance(60_000)
await sender.stop()

// Prints:
// 0 s: lead A, step 1, fails
// 0 s: lead B, step 1
// 0 s: lead B, step 2
// 30 s: lead A, step 1
// 30 s: lead A, step 2
// 30 s: lead A, step 3
