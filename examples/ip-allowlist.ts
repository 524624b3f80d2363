// Only known addresses, behind a reverse proxy: npx tsx examples/ip-allowlist.ts
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createReceiver } from 'crm-webhooks'
import { nodeHandler } from 'crm-webhooks/frameworks/node-http'
import { pipedrive } from 'crm-webhooks/providers/pipedrive'
import { signedRequest, toWebRequest } from 'crm-webhooks/testing'

const basicAuth = { username: 'crm', password: process.env.PIPEDRIVE_PASSWORD ?? 'change-me' }
const provider = pipedrive({
  basicAuth,
  // Both checks must pass. The proxy's word on who is calling counts only when the proxy itself is listed: anybody
  // can write an X-Forwarded-For header.
  allow: { addresses: ['203.0.113.0/24'], trustedProxies: ['127.0.0.1'] },
})
const handle = nodeHandler(createReceiver({ provider }))
const server = createServer((request, response) => void handle(request, response)).listen(0, '127.0.0.1')
await once(server, 'listening')
const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/webhooks/pipedrive`

/** What the proxy on this host passes on. It adds the address that it saw at the right end. */
async function viaProxy(forwardedFor: string): Promise<number> {
  const request = await signedRequest(pipedrive({ basicAuth }), 'deal.created', {
    url,
    headers: { 'x-forwarded-for': forwardedFor },
  })
  return (await fetch(toWebRequest(request))).status
}

console.log('from an allowed address:', await viaProxy('203.0.113.7'))
console.log('from another address:', await viaProxy('198.51.100.9'))
console.log('another address that claims an allowed one:', await viaProxy('203.0.113.7, 198.51.100.9'))
await new Promise(resolve => server.close(resolve).closeAllConnections())

// Prints:
// from an allowed address: 200
// from another address: 401
// another address that claims an allowed one: 401
