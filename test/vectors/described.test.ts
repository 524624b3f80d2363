import { readFileSync } from 'node:fs'
import { adyen } from 'crm-webhooks/providers/adyen'
import { attio } from 'crm-webhooks/providers/attio'
import { box } from 'crm-webhooks/providers/box'
import { calendly } from 'crm-webhooks/providers/calendly'
import { close } from 'crm-webhooks/providers/close'
import { espocrm } from 'crm-webhooks/providers/espocrm'
import { github } from 'crm-webhooks/providers/github'
import { gitlab } from 'crm-webhooks/providers/gitlab'
import { gocardless } from 'crm-webhooks/providers/gocardless'
import { gohighlevel } from 'crm-webhooks/providers/gohighlevel'
import { hubspot } from 'crm-webhooks/providers/hubspot'
import { intercom } from 'crm-webhooks/providers/intercom'
import { jira } from 'crm-webhooks/providers/jira'
import { lemonSqueezy } from 'crm-webhooks/providers/lemon-squeezy'
import { linear } from 'crm-webhooks/providers/linear'
import { mailgun } from 'crm-webhooks/providers/mailgun'
import { openphone } from 'crm-webhooks/providers/openphone'
import { paddle } from 'crm-webhooks/providers/paddle'
import { polar } from 'crm-webhooks/providers/polar'
import { razorpay } from 'crm-webhooks/providers/razorpay'
import { sanity } from 'crm-webhooks/providers/sanity'
import { sendgrid } from 'crm-webhooks/providers/sendgrid'
import { shopify } from 'crm-webhooks/providers/shopify'
import { square } from 'crm-webhooks/providers/square'
import { standardWebhooksSender } from 'crm-webhooks/providers/standard-webhooks'
import { stripe } from 'crm-webhooks/providers/stripe'
import { svix } from 'crm-webhooks/providers/svix'
import { trello } from 'crm-webhooks/providers/trello'
import { twenty } from 'crm-webhooks/providers/twenty'
import { woocommerce } from 'crm-webhooks/providers/woocommerce'
import { zendesk } from 'crm-webhooks/providers/zendesk'
import { describe, expect, it } from 'vitest'
import { utf8 } from '../../src/bytes/encoding.ts'
import type { AnyProvider } from '../../src/providers/provider.ts'

interface Vector {
  readonly id: string
  readonly provider: string
  readonly valid: boolean
  readonly secret: string | null
  readonly publicKey?: string
  readonly method: string
  readonly url: string | null
  readonly atUnixSeconds: number | null
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

interface Keys {
  readonly secret: string
  readonly publicKey: string
  readonly url: string
}

const withSecret =
  (factory: (options: Pick<Keys, 'secret'>) => AnyProvider) =>
  ({ secret }: Keys): AnyProvider =>
    factory({ secret })

const withPublicKey =
  (factory: (options: Pick<Keys, 'publicKey'>) => AnyProvider) =>
  ({ publicKey }: Keys): AnyProvider =>
    factory({ publicKey })

const FACTORIES: Readonly<Record<string, (keys: Keys) => AnyProvider>> = {
  adyen: withSecret(adyen),
  attio: withSecret(attio),
  box: withSecret(box),
  calendly: withSecret(calendly),
  close: withSecret(close),
  espocrm: ({ secret }) => espocrm({ webhooks: { '5f1': { secret, event: 'Account.create' } } }),
  github: withSecret(github),
  gitlab: ({ secret }) => gitlab({ signingToken: secret }),
  gocardless: withSecret(gocardless),
  gohighlevel: withPublicKey(gohighlevel),
  hubspot: ({ secret }) => hubspot({ secret, versions: ['v1', 'v2', 'v3'] }),
  intercom: withSecret(intercom),
  jira: withSecret(jira),
  lemonsqueezy: withSecret(lemonSqueezy),
  linear: withSecret(linear),
  mailgun: withSecret(mailgun),
  openphone: ({ secret }) => openphone({ legacySecret: secret }),
  paddle: withSecret(paddle),
  polar: withSecret(polar),
  razorpay: withSecret(razorpay),
  sanity: withSecret(sanity),
  sendgrid: withPublicKey(sendgrid),
  shopify: withSecret(shopify),
  square: ({ secret, url }) => square({ secret, url }),
  'standard-webhooks': ({ secret, publicKey }) =>
    standardWebhooksSender(publicKey === '' ? { secret } : { publicKey }),
  stripe: withSecret(stripe),
  svix: withSecret(svix),
  trello: ({ secret, url }) => trello({ secret, url }),
  twenty: withSecret(twenty),
  woocommerce: withSecret(woocommerce),
  zendesk: withSecret(zendesk),
}

const vectors = (
  JSON.parse(readFileSync(new URL('./signatures.json', import.meta.url), 'utf8')) as readonly Vector[]
).filter(vector => Object.hasOwn(FACTORIES, vector.provider))

/** Vectors without a time of receipt are received when they were signed. */
function receivedAtMs({ atUnixSeconds, headers, body }: Vector): number {
  if (atUnixSeconds !== null) return atUnixSeconds * 1000
  const tagged = /^t=(\d{13}),/.exec(headers['sanity-webhook-signature'] ?? '')
  const inBody = /"timestamp":"(\d{10})"/.exec(body)
  return tagged ? Number(tagged[1]) : inBody ? Number(inBody[1]) * 1000 : Date.UTC(2026, 5, 1)
}

describe('published and formula vectors, through the providers', () => {
  it('has vectors for every factory of the list', () => {
    expect([...new Set(vectors.map(vector => vector.provider))].sort()).toEqual(Object.keys(FACTORIES).sort())
  })

  it.each(vectors.map(vector => [vector.id, vector] as const))('%s', async (_id, vector) => {
    const url = vector.url ?? 'https://hooks.example.com/'
    const keys = { secret: vector.secret ?? '', publicKey: vector.publicKey ?? '', url }
    const provider = FACTORIES[vector.provider]?.(keys)
    const request = { method: vector.method, url, headers: vector.headers, body: utf8(vector.body) }
    const verdict = await provider?.verify(request, { now: receivedAtMs(vector) })
    expect(verdict).toMatchObject({ ok: vector.valid })
    if (vector.valid) {
      const changed = { ...request, body: utf8(vector.body.replace(/\d|[a-z]/, '§')) }
      const bodyIsSigned = vector.provider !== 'mailgun' && vector.provider !== 'adyen'
      if (bodyIsSigned) expect(await provider?.verify(changed, { now: receivedAtMs(vector) })).toMatchObject({ ok: false })
    }
  })

  it('tells stale from wrong', async () => {
    const stale = vectors.find(vector => vector.id === 'hubspot-v3-stale')
    if (stale === undefined) throw new Error('the vector is gone')
    const { method, headers } = stale
    const request = { method, url: stale.url ?? '', headers, body: utf8(stale.body) }
    const provider = hubspot({ secret: stale.secret ?? '' })
    expect(await provider.verify(request, { now: 1_700_000_300_000 })).toMatchObject({ ok: true })
    expect(await provider.verify(request, { now: 1_700_000_301_000 })).toMatchObject({ code: 'timestamp_too_old' })
  })
})
