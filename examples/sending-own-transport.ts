// Another way to make requests, here with a protocol of them: npx tsx examples/sending-own-transport.ts
import { createAddressGuard, createSender, type Transport } from 'crm-webhooks'
import { nodeLookup, nodeTransport } from 'crm-webhooks/transports/node'
import { serve } from './support/local-server.ts'

/** Wraps a transport. `send` never rejects and never follows a redirect; whatever happens is a result. */
function timed(transport: Transport, tell: (line: string) => void): Transport {
  return {
    ...transport,
    async send(request) {
      const result = await transport.send(request)
      tell(`${request.method} ${new URL(request.url).pathname}: ${result.ok ? result.status : result.code}`)
      return result
    },
  }
}

const customer = await serve(({ url }) =>
  url === '/moved' ? { status: 301, headers: { location: '/' } } : { status: 200 },
)
// What the guard refuses is not even tried: only this machine is allowed here, and no private network.
const guard = createAddressGuard({ lookup: nodeLookup(), allow: ['127.0.0.0/8'] })
const transport = timed(nodeTransport({ guard }), line => console.log(line))
const sender = createSender({ guard, transport })

for (const path of ['/hooks', '/moved']) {
  await sender.endpoints.create({ name: path, url: customer.origin + path, events: ['*'] })
}
await sender.publish('lead.created', { id: 7 })
await sender.drain()
const { items } = await sender.deliveries.list({ status: 'failed' })
console.log(`${items.length} given up: ${items[0]?.lastError}`)

await transport.close?.()
await customer.close()

// Prints:
// POST /hooks: 200
// POST /moved: 301
// 1 given up: HTTP 301
