// Senders that put several events into one request, here HubSpot: npx tsx examples/batch-senders.ts
import { createReceiver } from 'crm-webhooks'
import { hubspot } from 'crm-webhooks/providers/hubspot'
import { signedRequest } from 'crm-webhooks/testing'

// HubSpot signs the URL. Behind a proxy give the public one: hubspot({ secret, url: 'https://…' })
const provider = hubspot({ secret: process.env.HUBSPOT_CLIENT_SECRET ?? 'change-me' })
const receiver = createReceiver({ provider })

let crmIsDown = true

// Each event of a batch has its own handler, its own id, and is claimed by itself.
receiver.on('contact.updated', ({ recordId, data }) => {
  console.log(`contact ${recordId}: ${Object.keys(data.changes).join(', ')}`)
  return 'updated'
})

receiver.on('deal.created', ({ recordId }) => {
  if (crmIsDown) throw new Error('the CRM does not answer')
  console.log(`deal ${recordId} created`)
  // A failure that no retry can mend is reported instead of thrown: the answer is 207 and HubSpot does not try again.
  return { recordId: recordId ?? '', status: 'failed', message: 'no such pipeline' }
})

// One event fails: the answer is 500, so that HubSpot sends the whole batch again.
const batch = await signedRequest(provider, 'contact.updated')
console.log('the batch:', (await receiver.receive(batch)).status)

// The retry: the contact was handled before and is left alone, the deal runs again.
crmIsDown = false
const retry = await receiver.receive(batch)
const { failed, errors } = JSON.parse(retry.body) as { failed: number; errors: unknown }
console.log('the retry:', retry.status, failed, JSON.stringify(errors))

// Prints:
// contact 1246965: lastname
// the batch: 500
// deal 1148 created
// the retry: 207 1 [{"source_id":"1148","message":"no such pipeline"}]
