// Daktela in Fastify: npx tsx examples/fastify.ts
import { createReceiver } from 'crm-webhooks'
import { fastifyPlugin } from 'crm-webhooks/frameworks/fastify'
import { daktela } from 'crm-webhooks/providers/daktela'
import fastify from 'fastify'

const receiver = createReceiver({ provider: daktela({ secret: process.env.DAKTELA_SECRET ?? 'change-me' }) })

receiver.on('call.closed', ({ data }) => {
  console.log(`call ${data.entityId} ended`)
  return 'created'
})

const app = fastify()
// A scope of its own: the parsers of the rest of the application stay as they are.
app.register(fastifyPlugin(receiver, { path: '/webhooks/daktela' }))
app.post('/orders', async request => ({ received: request.body }))

await app.listen({ port: Number(process.env.PORT ?? 3000) })
export const { server } = app
