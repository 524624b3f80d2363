import { appendFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { createReceiver, systemClock } from 'crm-webhooks'
import { sqliteStore } from 'crm-webhooks/storage/sqlite'
import { listen } from '../server.ts'
import { bookings, HANDLER_MS } from './bookings.ts'
import { serveDemo } from './worker.ts'

/** Receives bookings, and handles what is in the file that it is told. The other file is the CRM. */
const [file = '', crm = '', aheadMs = '0'] = process.argv.slice(2)
const clock = { ...systemClock, now: () => Date.now() + Number(aheadMs) }
const store = sqliteStore(file, { clock })
const receiver = createReceiver({ provider: bookings, store, acknowledge: 'on-receipt', clock })
receiver.on('booking.created', async ({ recordId }) => {
  await delay(HANDLER_MS)
  appendFileSync(crm, `${recordId}\n`)
})
receiver.start()
const server = await listen({ '/webhooks': receiver })
serveDemo(server.origin, async () => {
  await server.close()
  await receiver.stop()
  await store.close()
})
