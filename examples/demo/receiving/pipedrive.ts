import { isMerge } from 'crm-webhooks'
import { pipedrive } from 'crm-webhooks/providers/pipedrive'
import { signedRequest } from 'crm-webhooks/testing'
import { type Scene, stage, tampered } from '../scene.ts'

export function pipedriveScene(): Scene {
  const username = 'crm'
  const provider = pipedrive({ basicAuth: { username, password: 'demo-password' } })
  const stranger = pipedrive({ basicAuth: { username, password: 'a guess' } })
  const { receiver, journal } = stage(provider)
  receiver.on('deal.updated', ({ recordId, data, changed, raw }) => {
    if (!changed('stage_id')) return 'skipped'
    const { from, to } = data.changes.stage_id ?? {}
    const version = typeof raw === 'object' && raw !== null && 'v' in raw ? 'v1' : 'v2'
    journal.say(`deal ${recordId} moved from stage ${from} to ${to} (payload ${version})`)
    return 'updated'
  })
  let databaseIsDown = true
  receiver.on('deal.merged', ({ recordId, data, attempt }) => {
    if (databaseIsDown) {
      databaseIsDown = false
      throw new Error('the database does not answer')
    }
    journal.say(`deal ${data.mergedFrom} went into deal ${recordId}, at attempt ${attempt}`)
    return 'updated'
  })
  receiver.on('deal.deleted', event => {
    journal.say(isMerge(event) ? `deal ${event.recordId} lives on as ${event.data.mergedInto}` : 'deal deleted')
  })
  receiver.on('person.created', ({ data }) => {
    journal.say(`${data.current?.name} is new`)
    return 'created'
  })
  receiver.on('*.updated', ({ entity, data }) => {
    if (entity === 'organization')
      journal.say(`${entity}: ${Object.keys(data.changes).join()} changed, in bulk, by the API`)
  })

  // The samples share one event id, so each gets its own.
  const send = (type: string, meta: object, from = provider) => signedRequest(from, type, { body: { meta } })
  const move = { id: 'event-1' }
  const merge = { id: 'event-2' }
  return {
    title: 'Pipedrive, webhooks v2 and v1 at one URL',
    proof: 'HTTP Basic',
    path: '/webhooks/pipedrive',
    receiver,
    journal,
    steps: [
      {
        sent: 'v2: a deal was moved',
        request: () => send('deal.updated', move),
        status: 200,
        led: 'from stage 2 to 3',
      },
      { sent: 'v2: the same, sent again', request: () => send('deal.updated', move), status: 200, led: 'repetition' },
      {
        sent: 'v1: a deal was moved',
        request: () => send('deal.updated (v1)', {}),
        status: 200,
        led: 'from stage 2 to 3',
      },
      {
        sent: 'v1: the same, sent again',
        request: () => send('deal.updated (v1)', {}),
        status: 200,
        led: 'repetition',
      },
      {
        sent: 'v2: two deals merged, 1st attempt',
        request: () => send('deal.merged', merge),
        status: 500,
        led: 'failed',
      },
      {
        sent: "v2: Pipedrive's retry of it",
        request: () => send('deal.merged', { ...merge, attempt: 2 }),
        status: 200,
        led: 'attempt 2',
      },
      {
        sent: 'v2: the deal that is gone',
        request: () => send('deal.deleted (merge)', { id: 'event-3' }),
        status: 200,
      },
      {
        sent: 'v2: a new person',
        request: () => send('person.created', { id: 'event-4' }),
        status: 200,
        led: 'is new',
      },
      {
        sent: 'v2: an edit of many records',
        request: () => send('organization.updated', { id: 'event-5' }),
        status: 200,
        led: 'name changed',
      },
      {
        sent: 'v2: an entity nobody documents',
        request: () => send('deal.created', { id: 'event-6', entity: 'spaceship' }),
        status: 200,
        led: 'is unknown',
      },
      { sent: 'a wrong password', request: () => send('deal.updated', move, stranger), status: 401, led: 'refused' },
      {
        sent: 'changed: Basic cannot tell',
        request: () => tampered(send('deal.updated', { id: 'event-7' }), '"stage_id":3', '"stage_id":9'),
        status: 200,
        led: 'to 9',
      },
      {
        sent: 'half a body, right password',
        request: () => signedRequest(provider, 'deal.updated', { body: '{"meta": {' }),
        status: 400,
        led: 'not readable',
      },
      {
        sent: 'a GET',
        request: () => signedRequest(provider, 'deal.updated', { method: 'GET' }),
        status: 405,
        led: 'uses POST',
      },
    ],
  }
}
