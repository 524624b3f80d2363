// Retell in Koa: npx tsx examples/koa.ts
import { createReceiver } from 'crm-webhooks'
import { koaHandler } from 'crm-webhooks/frameworks/koa'
import { retell } from 'crm-webhooks/providers/retell'
import Koa from 'koa'

const receiver = createReceiver({ provider: retell({ apiKey: process.env.RETELL_API_KEY ?? 'change-me' }) })

receiver.on('call.analyzed', ({ recordId }) => {
  console.log(`call ${recordId} was analysed`)
  return 'created'
})

const webhooks = koaHandler(receiver)
const app = new Koa()
// Before any parser: the receiver needs the bytes as they came. A router or koa-mount does as well.
app.use((context, next) => (context.path.startsWith('/webhooks/retell') ? webhooks(context) : next()))

export const server = app.listen(Number(process.env.PORT ?? 3000))
