// Acknowledge first, handle later: stored in a SQLite file before the answer, so a crash loses nothing: npx tsx examples/durable-receiving.ts
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createReceiver } from 'crm-webhooks'
import { calcom } from 'crm-webhooks/providers/calcom'
import { sqliteStore } from 'crm-webhooks/storage/sqlite'
import { signedRequest } from 'crm-webhooks/testing'

const folder = mkdtempSync(join(tmpdir(), 'webhooks-'))
const provider = calcom({ secret: process.env.CALCOM_SECRET ?? 'change-me' })

const before = sqliteStore(join(folder, 'webhooks.db'))
const receiver = createReceiver({ provider, store: before, acknowledge: 'on-receipt' })
const request = await signedRequest(provider, 'booking.created')
console.log('received:', (await receiver.receive(request)).status)
console.log('once more:', (await receiver.receive(request)).status)
await before.close() // The process ends before a handler ran.

const after = sqliteStore(join(folder, 'webhooks.db'))
const restarted = createReceiver({ provider, store: after, acknowledge: 'on-receipt', retry: 'default', slots: 5 })
restarted.on('booking.created', ({ recordId, time }) => {
  console.log(`booking ${recordId} entered, made in ${time?.getUTCFullYear()}`)
})
// A server calls restarted.start() once; a cron job or a serverless host calls drain().
console.log('tries:', await restarted.drain())
const { items } = await after.deliveries.list({ direction: 'inbound' })
console.log(items.map(({ eventType, status }) => `${eventType} ${status}`).join())
await after.close()
rmSync(folder, { recursive: true })

// Prints:
// received: 202
// once more: 200
// booking bFJeNb2uX8ANpT3JL5EfXw entered, made in 2026
// tries: 1
// booking.created succeeded
