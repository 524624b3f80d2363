// Cal.com in Next: the whole of app/webhooks/calcom/[[...path]]/route.ts
import { createReceiver } from 'crm-webhooks'
import { routeHandlers } from 'crm-webhooks/frameworks/next'
import { calcom } from 'crm-webhooks/providers/calcom'

const receiver = createReceiver({ provider: calcom({ secret: process.env.CALCOM_SECRET ?? 'change-me' }) })

receiver.on('booking.created', ({ data }) => {
  console.log(`${data.title} at ${data.startTime}`)
  return 'created'
})

export const { GET, HEAD, POST } = routeHandlers(receiver)
