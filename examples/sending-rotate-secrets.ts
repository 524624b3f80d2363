// Changing an endpoint's secret without losing an event: npx tsx examples/sending-rotate-secrets.ts
import { createAddressGuard, createSender } from 'crm-webhooks'
import { standardWebhooks } from 'crm-webhooks/signatures'
import { manualClock, scriptedTransport } from 'crm-webhooks/testing'

const clock = manualClock(Date.UTC(2026, 0, 5, 9))
const transport = scriptedTransport([200], clock)
const guard = createAddressGuard({ lookup: async () => ['93.184.216.34'] })
const sender = createSender({ transport, guard, clock })

const input = { name: 'Billing', url: 'https://billing.example.com/hooks', events: ['lead.*'] }
const { endpoint, secret: oldSecret } = await sender.endpoints.create(input)

/** What a receiver with this secret makes of the last request. */
const accepts = (secret: string): boolean => {
  const request = transport.requests.at(-1)
  if (request === undefined) return false
  const received = { method: request.method, url: '/hooks', headers: request.headers, body: request.body }
  return standardWebhooks({ secret }).verify(received, { now: clock.now() }).ok
}
const send = async (when: string, secrets: Readonly<Record<string, string>>): Promise<void> => {
  await sender.publish('lead.created', { id: 7 })
  await sender.drain()
  const found = Object.entries(secrets).map(([name, secret]) => `${name} ${accepts(secret)}`)
  console.log(`${when}: ${found.join(', ')}`)
}

await send('before', { old: oldSecret })
// 1. Rotate: for an hour both secrets sign.  2. The receiver changes over meanwhile.  3. The old one ends by itself.
const { secret: newSecret } = await sender.endpoints.rotateSecret(endpoint.id, { keepPreviousForSeconds: 3_600 })
await send('during', { old: oldSecret, new: newSecret })
await clock.advance(3_600_000)
await send('after', { old: oldSecret, new: newSecret })

// Prints:
// before: old true
// during: old true, new true
// after: old false, new true
