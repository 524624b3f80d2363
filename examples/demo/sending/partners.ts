import type { Clock } from 'crm-webhooks'
import { bearerToken } from 'crm-webhooks/credentials'
import { devlink } from 'crm-webhooks/providers/devlink'
import { standardWebhooksSender } from 'crm-webhooks/providers/standard-webhooks'
import { whatscrm } from 'crm-webhooks/providers/whatscrm'
import { textOf } from '../../support/local-server.ts'
import { stage } from '../scene.ts'
import { type Target, viaReceiver } from './target.ts'

/** A partner with our own receiver. It learns its secret from us, and changes over to another when it has time. */
export function warehouse(clock: Clock): Target & { useSecret(secret: string): void } {
  const withSecret = (secret: string) => {
    // The five minutes of the default are half a second here.
    const provider = standardWebhooksSender({ name: 'us', secret, toleranceSeconds: 3_600 })
    const staged = stage(provider, clock)
    staged.receiver.on('*', ({ type }) => staged.journal.say(`${type} verified with ${name}`))
    return staged
  }
  let name = 'the first secret'
  let staged: ReturnType<typeof withSecret> | undefined
  return {
    name: 'Warehouse',
    about: 'envelope and signature of Standard Webhooks, verified by our own receiver',
    endpoint: { events: ['lead.*'] },
    useSecret(secret) {
      if (staged !== undefined) name = 'the second secret'
      staged = withSecret(secret)
    },
    respond: request =>
      staged === undefined ? { status: 401, made: 'has no secret yet' } : viaReceiver(staged, request),
    expected: [
      { type: 'lead.created', status: 200, led: 'with the first secret' },
      // Our side has the second secret by now; both sign.
      { type: 'lead.status_changed', status: 200, led: 'with the first secret' },
      { type: 'lead.updated', status: 200, led: 'with the second secret' },
    ],
  }
}

/** A partner whose code was written for WhatsCRM: its provider takes what we send. */
export function whatscrmPartner(clock: Clock): Target {
  const secret = 'demo-secret-of-the-partner'
  const { receiver, journal } = stage(whatscrm({ secret }), clock)
  receiver.on('message.new', ({ data }) => journal.say(`verified; ${data.direction}: ${data.content}`))
  return {
    name: 'Messages',
    about: "envelope 'whatscrm', signature 'sha256'",
    endpoint: { events: ['message.new'], envelope: 'whatscrm', signature: 'sha256', secret },
    respond: request => viaReceiver({ receiver, journal }, request),
    expected: [{ type: 'message.new', status: 200, led: 'open on Sunday' }],
  }
}

/** A partner whose code was written for DevLink. A bearer token instead of DevLink's signature. */
export function devlinkPartner(clock: Clock): Target {
  const token = 'demo-token'
  const { receiver, journal } = stage(devlink({ verifier: bearerToken({ token }) }), clock)
  receiver.on('lead.created', ({ data }) => journal.say(`verified; lead ${data.prenom} ${data.nom} (${data.statut})`))
  return {
    name: 'Agency',
    about: "envelope 'devlink', a bearer token, no signature",
    endpoint: {
      events: ['lead.created'],
      envelope: 'devlink',
      auth: { type: 'bearer', token },
      signature: 'none',
    },
    respond: request => viaReceiver({ receiver, journal }, request),
    expected: [{ type: 'lead.created', status: 200, led: 'Hélène Dupont' }],
  }
}

/** A system that wants a document of its own. */
export function accounting(): Target {
  return {
    name: 'Accounting',
    about: 'a template makes the body',
    endpoint: {
      events: ['lead.created'],
      template: { debtor: { name: '{{prenom}} {{nom}}', score: '{{score|json}}' }, source: '{{event.type}}' },
    },
    respond: request => ({ status: 201, made: textOf(request) }),
    expected: [
      {
        type: 'lead.created',
        status: 201,
        led: '{"debtor":{"name":"Hélène Dupont","score":87},"source":"lead.created"}',
      },
    ],
  }
}
