// Cal.com in Hono, on Node: npx tsx examples/hono.ts
// On Bun, Deno and Cloudflare Workers: `export default app`.
import { serve } from '@hono/node-server'
import { createReceiver } from 'crm-webhooks'
import { honoHandler } from 'crm-webhooks/frameworks/hono'
import { calcom } from 'crm-webhooks/providers/calcom'
import { Hono } from 'hono'

const receiver = createReceiver({ provider: calcom({ secret: process.env.CALCOM_SECRET ?? 'change-me' }) })

receiver.on('booking.created', ({ data }) => {
  console.log(`${data.title} at ${data.startTime}`)
  return 'created'
})

const app = new Hono()
app.all('/webhooks/calcom/*', honoHandler(receiver))

export const server = serve({ fetch: app.fetch, port: Number(process.env.PORT ?? 3000) })
