import { createHmac } from 'node:crypto'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createNodeMiddleware, Webhooks } from '@octokit/webhooks'
import { createReceiver } from 'crm-webhooks'
import { nodeHandler } from 'crm-webhooks/frameworks/node-http'
import { pipedrive } from 'crm-webhooks/providers/pipedrive'
import { SECRET, sampleBody } from './receive-sample.ts'

/** One server in a process of its own: named on the command line, its port is written as the first line. */
const name = process.argv[2] ?? ''

const servers: Readonly<Record<string, () => RequestListener>> = {
  'node:http, body collected': () => (request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => response.end(String(Buffer.concat(chunks).length)))
  },
  '+ JSON.parse': () => (request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      JSON.parse(Buffer.concat(chunks).toString())
      response.end('ok')
    })
  },
  'crm-webhooks receiver': () => {
    const receiver = createReceiver({ provider: pipedrive({ signature: { secret: SECRET } }) })
    let _handled = 0
    receiver.on('deal.updated', () => {
      _handled++
    })
    const handle = nodeHandler(receiver)
    return (request, response) => void handle(request, response)
  },
  '@octokit/webhooks middleware': () => {
    const quiet = { debug() {}, info() {}, warn() {}, error() {} }
    const webhooks = new Webhooks({ secret: SECRET, log: quiet })
    let _handled = 0
    webhooks.on('push', () => {
      _handled++
    })
    const middleware = createNodeMiddleware(webhooks, { path: '/', log: quiet })
    return (request, response) => void middleware(request, response)
  },
}

const create = servers[name]
if (create === undefined) throw new Error(`no server is named '${name}'`)
const server = createServer(create())
server.keepAliveTimeout = 60_000
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`${(server.address() as AddressInfo).port}\n`)
})
// The proof that octokit's middleware takes, so that a wrong secret would show at once.
createHmac('sha256', SECRET).update(sampleBody(0)).digest('hex')
process.on('message', () => process.send?.(process.cpuUsage()))
