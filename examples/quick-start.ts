// A verified, typed event: npx tsx examples/quick-start.ts
import { createReceiver } from 'crm-webhooks'
import { calcom } from 'crm-webhooks/providers/calcom'
import { signedRequest } from 'crm-webhooks/testing'

const provider = calcom({ secret: process.env.CALCOM_SECRET ?? 'change-me' })
const receiver = createReceiver({ provider })

receiver.on('booking.created', ({ data }) => {
  console.log(`${data.attendees?.[0]?.name} booked ${data.length} minutes from ${data.startTime}`)
  return 'created'
})

// In your application the request comes from your HTTP server. This is what Cal.com would send.
const request = await signedRequest(provider, 'booking.created')

console.log('sent:', (await receiver.receive(request)).status)
console.log('sent again:', (await receiver.receive(request)).status)
console.log('forged:', (await receiver.receive({ ...request, body: Buffer.from('{}') })).status)

// Prints:
// John Doe booked 60 minutes from 2026-01-05T09:30:00Z
// sent: 200
// sent again: 200
// forged: 401
