// WhatsCRM on plain node:http, without a framework: npx tsx examples/node-http.ts
import { createServer } from 'node:http'
import { createReceiver } from 'crm-webhooks'
import { nodeHandler } from 'crm-webhooks/frameworks/node-http'
import { whatscrm } from 'crm-webhooks/providers/whatscrm'

const receiver = createReceiver({ provider: whatscrm({ secret: process.env.WHATSCRM_SECRET ?? 'change-me' }) })

receiver.on('message.new', ({ data }) => {
  console.log(`message in conversation ${data.conversationId}`)
  return 'created'
})

const handle = nodeHandler(receiver)

export const server = createServer((request, response) => void handle(request, response))
server.listen(Number(process.env.PORT ?? 3000))
