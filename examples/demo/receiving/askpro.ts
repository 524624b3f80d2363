import { askproCallbacks } from 'crm-webhooks/providers/askpro-callbacks'
import { askproGateway } from 'crm-webhooks/providers/askpro-gateway'
import { signedRequest } from 'crm-webhooks/testing'
import { type Scene, stage, tampered } from '../scene.ts'

export function askproCallbacksScene(): Scene {
  const provider = askproCallbacks({ secret: 'whsec_demo_secret_of_askpro' })
  const { receiver, journal } = stage(provider)
  receiver.on('callback.*', ({ recordId, action, attempt }) => {
    journal.say(`callback ${recordId} is ${action} (attempt ${attempt})`)
    return 'updated'
  })

  const send = (type: string, overrides = {}) => signedRequest(provider, type, overrides)
  const retry = { headers: { 'x-webhook-delivery-attempt': '2' } }
  return {
    title: 'AskPro callbacks',
    proof: 'HMAC-SHA256 of the body',
    path: '/webhooks/askpro/callbacks',
    receiver,
    journal,
    steps: [
      {
        sent: 'callback.created',
        request: () => send('callback.created'),
        status: 200,
        led: '17 is created (attempt 1)',
      },
      {
        sent: 'callback.created, second attempt',
        request: () => send('callback.created', retry),
        status: 200,
        led: 'repet',
      },
      {
        sent: 'callback.overdue, third attempt',
        request: () => send('callback.overdue'),
        status: 200,
        led: '(attempt 3)',
      },
      {
        sent: 'changed on the way',
        request: () => tampered(send('callback.assigned'), '"assigned_to":4', '"assigned_to":5'),
        status: 401,
        led: 'does not match',
      },
      { sent: 'half a body, rightly signed', request: () => send('', { body: '{"event"' }), status: 400 },
    ],
  }
}

export function askproGatewayScene(): Scene {
  const provider = askproGateway({ secret: 'demo-secret-of-the-gateway' })
  const { receiver, journal } = stage(provider)
  receiver.on('service_case.created', ({ data }) => {
    journal.say(`${data.ticket.reference} opened: ${data.ticket.summary}`)
    return 'created'
  })

  const send = (type: string, overrides = {}) => signedRequest(provider, type, overrides)
  return {
    title: 'AskPro Service Gateway',
    proof: 'HMAC-SHA256 of the body',
    path: '/webhooks/askpro/gateway',
    receiver,
    journal,
    steps: [
      {
        sent: 'a service case, as PHP writes JSON',
        request: () => send('service_case.created (as PHP writes it)'),
        status: 200,
        led: 'Drucker',
      },
      {
        sent: 'the same case in other bytes',
        request: () => send('service_case.created'),
        status: 200,
        led: 'repetition',
      },
      {
        sent: 'changed on the way',
        request: () => tampered(send('service_case.created'), '"priority":"normal"', '"priority":"urgent"'),
        status: 401,
        led: 'does not match',
      },
      { sent: 'a case without a reference', request: () => send('', { body: '{"ticket":{}}' }), status: 400 },
    ],
  }
}
