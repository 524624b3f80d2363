// Pipedrive in Express 4 or 5: npx tsx examples/express.ts
import { createReceiver } from 'crm-webhooks'
import { expressHandler } from 'crm-webhooks/frameworks/express'
import { pipedrive } from 'crm-webhooks/providers/pipedrive'
import express from 'express'

const password = process.env.PIPEDRIVE_PASSWORD ?? 'change-me'
const receiver = createReceiver({ provider: pipedrive({ basicAuth: { username: 'crm', password } }) })

receiver.on('deal.updated', ({ recordId, data, changed }) => {
  if (!changed('stage_id')) return 'skipped'
  console.log(`deal ${recordId} is now in stage ${data.current?.stage_id}`)
  return 'updated'
})

const app = express()
// Before any parser: the receiver needs the bytes as they came.
app.use('/webhooks/pipedrive', expressHandler(receiver))
app.use(express.json())

export const server = app.listen(Number(process.env.PORT ?? 3000))
