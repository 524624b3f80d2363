// What really changed in a CRM record: npx tsx examples/record-changes.ts
// Pipedrive's webhooks v1 send the whole previous record, v2 only the fields that changed. Both become the same event.
import { createReceiver, isFromApi, isMerge } from 'crm-webhooks'
import { pipedrive } from 'crm-webhooks/providers/pipedrive'
import { signedRequest } from 'crm-webhooks/testing'

const provider = pipedrive({ basicAuth: { username: 'crm', password: process.env.PIPEDRIVE_PASSWORD ?? 'change-me' } })
const receiver = createReceiver({ provider })

receiver.on('deal.updated', ({ recordId, data, changed }) => {
  // `changed` compares values, so a field that was merely sent along does not count.
  if (changed('stage_id')) {
    console.log(`deal ${recordId}: stage ${data.previous?.stage_id} -> ${data.current?.stage_id}`)
  }
  if (changed('status', 'won')) console.log(`deal ${recordId} is won`)
  return 'updated'
})

// The survivor of a merge comes as `deal.merged`, the deal that is gone as `deal.deleted`.
receiver.on('deal.*', event => {
  if (!isMerge(event)) return
  const { mergedFrom = event.recordId, mergedInto = event.recordId } = event.data
  console.log(`${event.type}: ${mergedFrom} was merged into ${mergedInto}`)
})

receiver.on('organization.updated', event => {
  // Changes that came through the API may be your own: leave them out, or two systems answer each other for ever.
  if (isFromApi(event)) return 'skipped'
  for (const [field, { from, to }] of Object.entries(event.data.changes)) console.log(`${field}: ${from} -> ${to}`)
  return 'updated'
})

for (const sample of [
  'deal.updated',
  'deal.updated (v1)',
  'deal.merged',
  'deal.deleted (merge)',
  'organization.updated',
]) {
  // The samples share one event id, which would make them repetitions of the first.
  const body = sample.includes('v1') ? {} : { meta: { id: `event-of-${sample}` } }
  const answer = await receiver.receive(await signedRequest(provider, sample, { body }))
  const { updated, skipped } = JSON.parse(answer.body) as { updated: number; skipped: number }
  console.log(`${sample}: ${answer.status}, updated ${updated}, skipped ${skipped}`)
}

// Prints:
// deal 4242: stage 2 -> 3
// deal.updated: 200, updated 1, skipped 0
// deal 4242: stage 2 -> 3
// deal.updated (v1): 200, updated 1, skipped 0
// deal.merged: 4243 was merged into 4242
// deal.merged: 200, updated 0, skipped 0
// deal.deleted: 4243 was merged into 4242
// deal.deleted (merge): 200, updated 0, skipped 0
// organization.updated: 200, updated 0, skipped 1
