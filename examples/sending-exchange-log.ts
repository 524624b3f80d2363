// What was sent, what came back, and the same for a spreadsheet or a shell: npx tsx examples/sending-exchange-log.ts
import { createAddressGuard, createSender } from 'crm-webhooks'
import { manualClock, scriptedTransport } from 'crm-webhooks/testing'

const clock = manualClock(Date.UTC(2026, 0, 5, 9))
const answers = [{ status: 500, body: 'no disk' }, 'hang', { status: 200, afterMs: 120 }] as const
const transport = scriptedTransport(answers, clock)
const guard = createAddressGuard({ lookup: async () => ['93.184.216.34'] })
const sender = createSender({ transport, guard, clock, random: () => 0 })
sender.start()

const { endpoint } = await sender.endpoints.create({
  name: 'Billing',
  url: 'https://billing.example.com/hooks?api_key=k-123',
  auth: { type: 'bearer', token: 't-456' },
  events: ['case.*'],
  retry: [60, 300],
})
await sender.publish('case.created', { title: 'Printer', password: 'p-789' }, { subject: 'TKT-7' })
await clock.advance(3_600_000)

// Newest first; by endpoint, type, subject, outcome, status, time or text.
const { items } = await sender.attempts.list({ subject: 'TKT-7' })
for (const { number, startedAtMs, status, durationMs, errorMessage } of [...items].reverse()) {
  const at = new Date(startedAtMs).toISOString().slice(11, 19)
  console.log(`${at} attempt ${number}: ${status ?? errorMessage} after ${durationMs} ms`)
}
// Secrets are masked before anything is stored.
console.log(items[0]?.url, items[0]?.requestHeaders.Authorization, items[0]?.requestBody.slice(-45))

let csv = ''
for await (const piece of sender.attempts.export({ endpointId: endpoint.id }, 'csv')) csv += piece
console.log(`${csv.trim().split('\r\n').length} lines of CSV: ${csv.slice(0, 42)}…`)

const { total, successRate, p95Ms } = await sender.stats(endpoint.id)
console.log(`${total} attempts, ${successRate} % succeeded, 95 % within ${p95Ms} ms`)
await sender.stop()

// Prints:
// 09:00:00 attempt 1: 500 after 0 ms
// 09:01:00 attempt 2: no answer in time after 30000 ms
// 09:06:30 attempt 3: 200 after 120 ms
// https://billing.example.com/hooks?api_key=•••••• Bearer •••••• ata":{"title":"Printer","password":"••••••"}}
// 4 lines of CSV: id,timestamp,direction,tenant,endpoint_id,…
// 3 attempts, 33.33 % succeeded, 95 % within 30000 ms
