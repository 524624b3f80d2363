// Without a process that stays: a function that publishes, and a cron job that sends: npx tsx examples/sending-serverless.ts
import { createAddressGuard, createSender } from 'crm-webhooks'
import { memoryStore } from 'crm-webhooks/storage/memory'
import { manualClock, scriptedTransport } from 'crm-webhooks/testing'

const clock = manualClock(Date.UTC(2026, 0, 5, 9))
const transport = scriptedTransport([503, 200], clock)
const guard = createAddressGuard({ lookup: async () => ['93.184.216.34'] })
// In reality a database: memory ends with the function.
const store = memoryStore({ clock })
const options = { store, transport, guard, clock, random: () => 0 }

// The function: writes the event and returns. Nothing is started, so nothing runs on behind the answer.
async function onLead(lead: { id: number }): Promise<void> {
  await createSender(options).publish('lead.created', lead, { idempotencyKey: `lead-${lead.id}` })
}

// The cron job, every minute: sends what is due and returns.
async function everyMinute(): Promise<void> {
  const attempts = await createSender(options).drain()
  console.log(`${new Date(clock.now()).toISOString().slice(11, 16)} ${attempts} attempts`)
}

await createSender(options).endpoints.create({
  name: 'Billing',
  url: 'https://billing.example.com/hooks',
  events: ['lead.*'],
  retry: [90],
})
await onLead({ id: 7 })
for (let minute = 0; minute < 4; minute++) {
  await everyMinute()
  await clock.advance(60_000)
}

// Prints:
// 09:00 1 attempts
// 09:01 0 attempts
// 09:02 1 attempts
// 09:03 0 attempts
