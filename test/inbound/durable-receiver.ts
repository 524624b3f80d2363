import { appendFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createReceiver, systemClock } from 'crm-webhooks'
import { nodeHandler } from 'crm-webhooks/frameworks/node-http'
import { sqliteStore } from 'crm-webhooks/storage/sqlite'
import { acme } from '../support/acme.ts'

/** A receiver in a process of its own, to be killed. What it handled is in a file, its port the first line it writes. */
const [database = '', handled = '', aheadMs = '0'] = process.argv.slice(2)
// Each process lives a little later than the one before, so that what that one held is free at once.
const clock = { ...systemClock, now: () => Date.now() + Number(aheadMs) }
const store = sqliteStore(database, { clock })
const receiver = createReceiver({ provider: acme(), acknowledge: 'on-receipt', store, clock })
receiver.on('*', async ({ id }) => {
  await new Promise(resolve => setTimeout(resolve, 5))
  appendFileSync(handled, `${id}\n`)
})
receiver.start()
const handle = nodeHandler(receiver)
const server = createServer((request, response) => void handle(request, response))
server.listen(0, '127.0.0.1', () => process.stdout.write(`${(server.address() as AddressInfo).port}\n`))
