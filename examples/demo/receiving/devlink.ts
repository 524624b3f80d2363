import { bearerToken } from 'crm-webhooks/credentials'
import { devlink } from 'crm-webhooks/providers/devlink'
import { signedRequest } from 'crm-webhooks/testing'
import { type Scene, stage, tampered } from '../scene.ts'

export function devlinkScene(): Scene {
  const provider = devlink({ verifier: bearerToken({ token: 'demo-token' }) })
  const stranger = devlink({ verifier: bearerToken({ token: 'a-guess' }) })
  const { receiver, journal } = stage(provider)
  receiver.on('lead.created', ({ data }) => {
    journal.say(`${data.prenom} ${data.nom} is a new lead (${data.statut})`)
    return 'created'
  })
  receiver.on('lead.deleted', ({ recordId }) => journal.say(`lead ${recordId?.slice(0, 8)}… is gone`))
  receiver.on('test.received', () => journal.say('the button "Tester" works, and makes no lead'))

  const send = (type: string) => signedRequest(provider, type)
  return {
    title: 'DevLink CRM, the better way',
    proof: 'a bearer token in a custom header',
    path: '/webhooks/devlink',
    receiver,
    journal,
    steps: [
      { sent: 'lead.created', request: () => send('lead.created'), status: 200, led: 'Hélène Dupont-Lefèvre' },
      { sent: 'the same delivery again', request: () => send('lead.created'), status: 200, led: 'repetition' },
      { sent: 'lead.deleted', request: () => send('lead.deleted'), status: 200, led: 'is gone' },
      { sent: 'the button "Tester"', request: () => send('test.received'), status: 200, led: 'works' },
      { sent: 'a wrong token', request: () => signedRequest(stranger, 'lead.created'), status: 401, led: 'refused' },
    ],
  }
}

export function devlinkLegacyScene(): Scene {
  const provider = devlink({ secret: 'demo-secret-of-devlink', insecureLegacySignature: true })
  const { receiver, journal } = stage(provider)
  receiver.on('lead.status_changed', ({ data }) => {
    journal.say(`${data.nom} is now "${data.statut}"`)
    return 'updated'
  })

  const send = (type: string) => signedRequest(provider, type)
  return {
    title: 'DevLink CRM, its own signature',
    proof: 'discloses the secret',
    path: '/webhooks/devlink-legacy',
    receiver,
    journal,
    steps: [
      { sent: 'lead.status_changed', request: () => send('lead.status_changed'), status: 200, led: 'gagné' },
      {
        sent: 'changed on the way',
        request: () => tampered(send('lead.status_changed'), 'gagné', 'perdu'),
        status: 401,
        led: 'refused',
      },
    ],
  }
}
