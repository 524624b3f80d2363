// What failed for good, by cause: sent once more or put away, a group at a time: npx tsx examples/sending-dead-letters.ts
import { createAddressGuard, createSender } from 'crm-webhooks'
import { manualClock, scriptedTransport } from 'crm-webhooks/testing'

const clock = manualClock(Date.UTC(2026, 0, 5, 9))
let repaired = false
const transport = scriptedTransport(({ url }) => {
  if (String(url).includes('old')) return 410
  return repaired ? 200 : 503
}, clock)
const guard = createAddressGuard({ lookup: async () => ['93.184.216.34'] })
const sender = createSender({ transport, guard, clock, random: () => 0 })
sender.start()

for (const name of ['billing', 'old-crm']) {
  await sender.endpoints.create({ name, url: `https://${name}.example.com/hooks`, events: ['case.*'], retry: [60] })
}
// The second two are not even published to the one that said that it is gone.
for (const id of [1, 2, 3]) {
  await sender.publish('case.created', { id })
  await clock.advance(300_000)
}

const groups = await sender.deliveries.failures()
for (const { cause, count, newestAtMs, sample } of groups) {
  const last = new Date(newestAtMs).toISOString().slice(11, 19)
  console.log(`${cause}: ${count}, the last at ${last}, such as ${sample.eventType}: ${sample.lastError}`)
}

repaired = true
for (const group of groups) {
  if (group.cause === 'endpoint_gone') console.log(`${await sender.deliveries.discardFailures(group)} put away`)
  else console.log(`${await sender.deliveries.retryFailures(group)} sent once more`)
}
await clock.advance(1_000)
const { items } = await sender.deliveries.list()
console.log(items.map(({ status }) => status).join(', '))
console.log(`${(await sender.deliveries.failures()).length} groups left`)
await sender.stop()

// Prints:
// http_503: 3, the last at 09:11:00, such as case.created: HTTP 503
// endpoint_gone: 1, the last at 09:00:00, such as case.created: HTTP 410
// 3 sent once more
// 1 put away
// succeeded, succeeded, cancelled, succeeded
// 0 groups left
