import { daktela } from 'crm-webhooks/providers/daktela'
import { signedRequest } from 'crm-webhooks/testing'
import { type Scene, stage } from '../scene.ts'

export function daktelaScene(): Scene {
  const provider = daktela({ secret: 'demo-secret-of-daktela' })
  const { receiver, journal } = stage(provider)
  receiver.on('call.closed', ({ data }) => {
    journal.say(`call ${data.entityId} of ${String(data.fields.duration)} seconds closed`)
    return 'created'
  })
  receiver.on('sms.created', ({ data }) => journal.say(`SMS: ${String(data.fields.title)}`))
  receiver.on('contact.*', ({ action, data }) =>
    journal.say(`contact ${data.entityId} ${action}: fetch it from Daktela`),
  )

  const send = (type: string, overrides = {}) => signedRequest(provider, type, overrides)
  return {
    title: 'Daktela',
    proof: 'a secret in X-Webhook-Secret',
    path: '/webhooks/daktela',
    receiver,
    journal,
    steps: [
      { sent: 'call_close', request: () => send('call.closed'), status: 200, led: '312 seconds' },
      { sent: 'call_close, the same bytes again', request: () => send('call.closed'), status: 200, led: 'repetition' },
      { sent: 'contact_update', request: () => send('contact.updated'), status: 200, led: 'contact_64f1 updated' },
      { sent: 'sms_create, as a form', request: () => send('sms.created (form)'), status: 200, led: 'SMS: Čau' },
      {
        sent: 'ticket_close, an event of your own',
        request: () => send('ticket.closed (not documented)'),
        status: 200,
        led: 'is unknown',
      },
      {
        sent: 'a wrong secret',
        request: () => signedRequest(daktela({ secret: 'a-guess' }), 'call.closed'),
        status: 401,
        led: 'not the configured one',
      },
      {
        sent: 'no secret at all',
        request: async () => ({ ...(await send('call.closed')), headers: { 'content-type': 'application/json' } }),
        status: 401,
        led: 'missing',
      },
      { sent: 'a body without an event', request: () => send('', { body: '{"name":"x"}' }), status: 400 },
    ],
  }
}
