import { calcom } from 'crm-webhooks/providers/calcom'
import { signedRequest } from 'crm-webhooks/testing'
import { healthCheck, type Scene, stage, tampered } from '../scene.ts'

export function calcomScene(): Scene {
  const provider = calcom({ secret: 'demo-secret-of-cal-com' })
  const { receiver, journal } = stage(provider)
  receiver.on('booking.created', ({ data }) => {
    journal.say(`${data.attendees?.[0]?.name} booked ${data.length} minutes from ${data.startTime}`)
    return 'created'
  })
  receiver.on('booking.rescheduled', ({ data }) => {
    journal.say(`booking ${data.rescheduleUid?.slice(0, 6)}… is now ${data.uid.slice(0, 6)}…, ${data.startTime}`)
    return 'updated'
  })
  receiver.on('ping.received', () => journal.say('the test button works'))

  const send = (type: string, overrides = {}) => signedRequest(provider, type, overrides)
  return {
    title: 'Cal.com',
    proof: 'HMAC-SHA256 of the body',
    path: '/webhooks/calcom',
    receiver,
    journal,
    steps: [
      { sent: 'a booking', request: () => send('booking.created'), status: 200, led: 'John Doe booked 60 minutes' },
      { sent: 'the same booking again', request: () => send('booking.created'), status: 200, led: 'repetition' },
      {
        sent: 'a booking moved to another time',
        request: () => send('booking.rescheduled'),
        status: 200,
        led: 'is now',
      },
      { sent: 'the test button', request: () => send('ping.received'), status: 200, led: 'works' },
      {
        sent: 'a booking, changed on the way',
        request: () => tampered(send('booking.created'), 'John Doe', 'Jane Roe'),
        status: 401,
        led: 'does not match',
      },
      {
        sent: 'a webhook without a secret',
        request: async () => ({
          ...(await send('booking.created')),
          headers: { 'x-cal-signature-256': 'no-secret-provided' },
        }),
        status: 401,
        led: 'refused',
      },
      { sent: 'half a body, rightly signed', request: () => send('', { body: '{"triggerEvent": ' }), status: 400 },
      {
        sent: 'a trigger of next year',
        request: () => send('', { body: { triggerEvent: 'BOOKING_TELEPORTED', createdAt: '2026-01-02', payload: {} } }),
        status: 200,
        led: 'is unknown',
      },
      { sent: 'a PUT', request: () => send('booking.created', { method: 'PUT' }), status: 405, led: 'uses POST' },
      healthCheck,
    ],
  }
}
