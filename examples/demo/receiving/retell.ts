import { inboundCallReply, retell } from 'crm-webhooks/providers/retell'
import { signedRequest } from 'crm-webhooks/testing'
import { inTenMinutes, type Scene, stage, tampered, tenMinutesAgo } from '../scene.ts'

export function retellScene(): Scene {
  const provider = retell({ apiKey: 'demo-key-of-retell' })
  const { receiver, journal } = stage(provider)
  receiver.on('call.ended', ({ data }) => {
    journal.say(`a call of ${Math.round((data.duration_ms ?? 0) / 1000)} seconds ended (${data.disconnection_reason})`)
    return 'updated'
  })
  receiver.on('call.analyzed', ({ data }) => {
    journal.say(`noted: ${data.call_analysis?.call_summary}`)
    return 'created'
  })
  receiver.on('call.inbound', () => inboundCallReply({ dynamicVariables: { name: 'Ada' } }))

  const send = (type: string, overrides = {}) => signedRequest(provider, type, overrides)
  const callAnswer = (body: string): string => `answered ${body.replace('{"call_inbound":', '').slice(0, -1)}`
  const answer = 'answered {"dynamic_variables":{"name":"Ada"}}'
  return {
    title: 'Retell AI',
    proof: 'HMAC-SHA256 of body and time',
    path: '/webhooks/retell',
    receiver,
    journal,
    steps: [
      { sent: 'a call ended', request: () => send('call.ended'), status: 200, led: '96 seconds' },
      { sent: 'the same, signed anew', request: () => send('call.ended'), status: 200, led: 'repetition' },
      { sent: 'its analysis', request: () => send('call.analyzed'), status: 200, led: 'booked a table' },
      {
        sent: 'how to take this call?',
        request: () => send('call.inbound'),
        status: 200,
        led: answer,
        answer: callAnswer,
      },
      {
        sent: 'asked again, answered again',
        request: () => send('call.inbound'),
        status: 200,
        led: answer,
        answer: callAnswer,
      },
      {
        sent: 'signed ten minutes ago',
        request: () => send('call.ended', { now: tenMinutesAgo() }),
        status: 401,
        led: 'too long ago',
      },
      {
        sent: 'signed in ten minutes',
        request: () => send('call.ended', { now: inTenMinutes() }),
        status: 401,
        led: 'future',
      },
      {
        sent: 'changed on the way',
        request: () => tampered(send('call.ended'), 'user_hangup', 'agent_hangup'),
        status: 401,
        led: 'does not match',
      },
      { sent: 'half a body, rightly signed', request: () => send('', { body: '{"event": ' }), status: 400 },
    ],
  }
}
