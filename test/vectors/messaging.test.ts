import { createPublicKey } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { aircall } from 'crm-webhooks/providers/aircall'
import { asana } from 'crm-webhooks/providers/asana'
import { awsSns } from 'crm-webhooks/providers/aws-sns'
import { discord } from 'crm-webhooks/providers/discord'
import { dropbox } from 'crm-webhooks/providers/dropbox'
import { line } from 'crm-webhooks/providers/line'
import { messagebird } from 'crm-webhooks/providers/messagebird'
import { meta } from 'crm-webhooks/providers/meta'
import { microsoftGraph } from 'crm-webhooks/providers/microsoft-graph'
import { monday } from 'crm-webhooks/providers/monday'
import { msteams } from 'crm-webhooks/providers/msteams'
import { okta } from 'crm-webhooks/providers/okta'
import { plivo } from 'crm-webhooks/providers/plivo'
import { slack } from 'crm-webhooks/providers/slack'
import { telegram } from 'crm-webhooks/providers/telegram'
import { telnyx } from 'crm-webhooks/providers/telnyx'
import { twilio } from 'crm-webhooks/providers/twilio'
import { viber } from 'crm-webhooks/providers/viber'
import { whatsapp } from 'crm-webhooks/providers/whatsapp'
import { xTwitter } from 'crm-webhooks/providers/x-twitter'
import { xero } from 'crm-webhooks/providers/xero'
import { zoom } from 'crm-webhooks/providers/zoom'
import { describe, expect, it } from 'vitest'
import { utf8 } from '../../src/bytes/encoding.ts'
import { createReceiver } from '../../src/inbound/receiver.ts'
import type { WebhookRequest } from '../../src/model/http.ts'
import type { AnyProvider } from '../../src/providers/provider.ts'
import { certificatePem } from '../../src/testing/fixtures/support/rsa.ts'

interface Vector {
  readonly id: string
  readonly provider: string
  readonly kind: string
  readonly valid: boolean
  readonly secret: string | null
  readonly publicKey?: string
  readonly method: string
  readonly url: string | null
  readonly atUnixSeconds: number | null
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  readonly respond?: {
    readonly status: number
    readonly contentType?: string
    readonly headers?: Readonly<Record<string, string>>
    readonly body: string
  }
}

const other = 'a-secret-that-the-vector-does-not-use'

const FACTORIES: Readonly<Record<string, (secret: string, publicKey: string) => AnyProvider>> = {
  aircall: token => aircall({ token }),
  asana: () => asana({ onHandshake: () => true }),
  'aws-sns': (_, publicKey) => awsSns({ certificate: () => certificateOf(publicKey), topicArns: 'any' }),
  discord: (_, publicKey) => discord({ publicKey }),
  dropbox: () => dropbox({ appSecret: other }),
  line: channelSecret => line({ channelSecret }),
  messagebird: secret => messagebird({ secret }),
  meta: verifyToken => meta({ appSecret: other, verifyToken }),
  'microsoft-graph': () => microsoftGraph({ clientState: other }),
  monday: () => monday({ secret: other }),
  msteams: securityToken => msteams({ securityToken }),
  okta: () => okta({ authorization: other }),
  plivo: authToken => plivo({ authToken, version: 'v2' }),
  slack: signingSecret => slack({ signingSecret }),
  telegram: secretToken => telegram({ secretToken }),
  telnyx: (_, publicKey) => telnyx({ publicKey }),
  twilio: authToken => twilio({ authToken }),
  viber: authToken => viber({ authToken }),
  'x-twitter': consumerSecret => xTwitter({ consumerSecret }),
  xero: webhooksKey => xero({ webhooksKey }),
  zoom: secretToken => zoom({ secretToken }),
}

/** The vectors hold a public key in place of the certificate. */
function certificateOf(publicKey: string): string {
  return certificatePem(createPublicKey(publicKey).export({ type: 'spki', format: 'der' }))
}

const all = JSON.parse(readFileSync(new URL('./signatures.json', import.meta.url), 'utf8')) as readonly Vector[]
const mine = all.filter(vector => Object.hasOwn(FACTORIES, vector.provider))
const proofs = mine.filter(vector => vector.kind !== 'handshake').map(vector => [vector.id, vector] as const)
const handshakes = mine.filter(vector => vector.kind === 'handshake').map(vector => [vector.id, vector] as const)

function build(vector: Vector): AnyProvider {
  const factory = FACTORIES[vector.provider]
  if (factory === undefined) throw new Error(vector.provider)
  return factory(vector.secret ?? '', vector.publicKey ?? '')
}

function toRequest({ method, url, headers, body, provider }: Vector): WebhookRequest {
  return { method, url: url ?? `https://hooks.example.com/${provider}`, headers, body: utf8(body) }
}

const atMs = ({ atUnixSeconds }: Vector): number => (atUnixSeconds ?? 1_760_000_000) * 1000

/** The vector's body is covered by neither: a token proves the caller, Plivo's V2 the URL. */
const BODY_NOT_COVERED = new Set(['aircall', 'telegram', 'plivo', 'aws-sns'])

describe('vectors of messaging senders, through the providers', () => {
  it('exist for every factory of the list', () => {
    expect([...new Set(mine.map(vector => vector.provider))].sort()).toEqual(Object.keys(FACTORIES).sort())
    expect(proofs.length + handshakes.length).toBe(30)
  })

  it.each(proofs)('%s: the right verdict', async (_id, vector) => {
    const provider = build(vector)
    const request = toRequest(vector)
    const now = atMs(vector)
    expect(await provider.verify(request, { now })).toMatchObject({ ok: vector.valid })
    if (!vector.valid || BODY_NOT_COVERED.has(vector.provider)) return
    const changed = utf8(`${vector.body}0`)
    expect(await provider.verify({ ...request, body: changed }, { now })).toMatchObject({ ok: false })
  })

  it.each(handshakes)('%s: the right answer', async (_id, vector) => {
    const { respond } = vector
    if (respond === undefined) throw new Error('no answer')
    const receiver = createReceiver({ provider: build(vector) })
    const answer = await receiver.receive(toRequest(vector))
    const headers = Object.fromEntries(Object.entries(answer.headers).map(([key, value]) => [key.toLowerCase(), value]))
    expect(answer.status).toBe(respond.status)
    expect(answer.body).toBe(respond.body)
    if (respond.contentType !== undefined) expect(headers['content-type']).toBe(respond.contentType)
    for (const [key, value] of Object.entries(respond.headers ?? {})) expect(headers[key.toLowerCase()]).toBe(value)
  })

  it('meta-get-verify: WhatsApp answers the same', async () => {
    const vector = mine.find(({ id }) => id === 'meta-get-verify')
    if (vector === undefined) throw new Error('no vector')
    const provider = whatsapp({ appSecret: other, verifyToken: vector.secret ?? '' })
    const answer = await createReceiver({ provider }).receive(toRequest(vector))
    expect(answer).toMatchObject({ status: 200, body: '1158201444' })
  })
})
