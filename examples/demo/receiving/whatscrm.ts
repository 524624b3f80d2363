import { whatscrm } from 'crm-webhooks/providers/whatscrm'
import { signedRequest } from 'crm-webhooks/testing'
import { type Scene, stage, tampered } from '../scene.ts'

export function whatscrmScene(): Scene {
  const provider = whatscrm({ secret: 'demo-secret-of-whatscrm' })
  const { receiver, journal } = stage(provider)
  receiver.on('message.new', ({ data }) => {
    journal.say(`${data.direction}: ${data.content}`)
    return 'created'
  })
  receiver.on('campaign.completed', ({ data }) => {
    journal.say(`${data.name}: ${data.sentCount} sent, ${data.failedCount} failed`)
  })

  const send = (type: string, overrides = {}) => signedRequest(provider, type, overrides)
  return {
    title: 'WhatsCRM',
    proof: 'HMAC-SHA256 of the body',
    path: '/webhooks/whatscrm',
    receiver,
    journal,
    steps: [
      { sent: 'message.new', request: () => send('message.new'), status: 200, led: 'is the shop open' },
      {
        sent: 'its retry, dated anew',
        request: () => send('message.new', { body: { timestamp: '2026-01-02T09:30:03.250Z' } }),
        status: 200,
        led: 'repetition',
      },
      { sent: 'campaign.completed', request: () => send('campaign.completed'), status: 200, led: '95 sent, 5 failed' },
      {
        sent: 'changed on the way',
        request: () => tampered(send('message.new'), 'Sunday', 'Monday'),
        status: 401,
        led: 'does not match',
      },
      {
        sent: 'a webhook without a secret',
        request: async () => ({ ...(await send('message.new')), headers: { 'x-webhook-event': 'message.new' } }),
        status: 401,
        led: 'missing',
      },
      { sent: 'half a body, rightly signed', request: () => send('', { body: '{"event"' }), status: 400 },
    ],
  }
}
