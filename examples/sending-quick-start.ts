// Signed, retried webhooks to other people's servers: npx tsx examples/sending-quick-start.ts
import { createAddressGuard, createSender } from 'crm-webhooks'
import { standardWebhooks } from 'crm-webhooks/signatures'
import { nodeLookup, nodeTransport } from 'crm-webhooks/transports/node'
import { serve, textOf } from './support/local-server.ts'

// The customer's server. It verifies with the secret that it was given, and fails at first.
let secret = ''
let requests = 0
const customer = await serve(request => {
  const verdict = standardWebhooks({ secret }).verify(request)
  console.log(`request ${++requests}: ${verdict.ok ? 'genuine' : verdict.code}`)
  if (requests === 1) return { status: 503 }
  console.log(textOf(request).replace(/"timestamp":"[^"]+"/, '"timestamp":"…"'))
  return { status: 204 }
})

// Endpoints are on the public internet, unless you allow other ranges: here this machine.
const guard = createAddressGuard({ lookup: nodeLookup(), allow: ['127.0.0.0/8'] })
const transport = nodeTransport({ guard })
const sender = createSender({ guard, transport })
sender.start()

// The answer has the secret, this once. Give it to the customer.
const created = await sender.endpoints.create({
  name: 'Billing',
  url: `${customer.origin}/hooks`,
  events: ['lead.*'],
  retry: [0.1, 60, 3_600],
})
secret = created.secret

const succeeded = new Promise<number>(resolve => {
  sender.lifecycle.once('delivery.succeeded', ({ delivery }) => resolve(delivery.attempts))
})
const { deliveries } = await sender.publish(
  'lead.created',
  { id: 7, name: 'Zoë' },
  { idempotencyKey: 'lead-7-created' },
)
console.log(`published to ${deliveries} endpoint`)
console.log(`arrived after ${await succeeded} attempts`)

await sender.stop()
await transport.close?.()
await customer.close()

// Prints:
// published to 1 endpoint
// request 1: genuine
// request 2: genuine
// {"type":"lead.created","timestamp":"…","data":{"id":7,"name":"Zoë"}}
// arrived after 2 attempts
