// A signature scheme that your receivers already know: npx tsx examples/sending-own-signature.ts
import { createAddressGuard, createSender, type SigningScheme } from 'crm-webhooks'
import { hmacSignature } from 'crm-webhooks/signatures'
import { manualClock, scriptedTransport } from 'crm-webhooks/testing'

const clock = manualClock(Date.UTC(2026, 0, 5, 9))
const transport = scriptedTransport([200], clock)
const guard = createAddressGuard({ lookup: async () => ['93.184.216.34'] })

// HMAC-SHA512 of time and body as base64, the current secret first, then those that are being replaced.
const acme: SigningScheme = {
  header: 'X-Acme-Signature',
  create: (secrets, header) =>
    hmacSignature({
      secret: secrets,
      algorithm: 'sha512',
      encoding: 'base64',
      signature: { header, list: { separator: ' ', tagSeparator: ',', tag: 'v1' } },
      message: '{timestamp}\n{body}',
      timestamp: { from: { header: 'X-Acme-Time' } },
    }).sign,
}
const sender = createSender({ transport, guard, clock, signatures: { acme } })

const endpoint = { url: 'https://partner.example.com/', events: ['*'], secret: 'a-secret-of-the-partner' }
await sender.endpoints.create({ ...endpoint, name: 'By name', signature: 'acme' })
// The schemes that come with the package, too, take another header.
await sender.endpoints.create({
  ...endpoint,
  name: 'GitHub style',
  signature: { scheme: 'sha256', header: 'X-Hub-Signature-256' },
})
await sender.publish('lead.created', { id: 7 })
await sender.drain()

for (const { headers } of transport.requests) {
  for (const [name, value] of Object.entries(headers)) {
    if (/acme|hub/i.test(name)) console.log(`${name}: ${value.slice(0, 32)}${value.length > 32 ? '…' : ''}`)
  }
}

// Prints:
// X-Acme-Signature: v1,16YQ+uApU/GdE41jp1qXTcOQ2H7Vm…
// X-Acme-Time: 1767603600
// X-Hub-Signature-256: sha256=0922df4e55e2345ab8cd0f56f…
