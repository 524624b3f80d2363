/** Against the packages that senders publish: what one side signs the other accepts, and neither takes a forgery. */
import { sign as octokitSign, verify as octokitVerify } from '@octokit/webhooks-methods'
import fc from 'fast-check'
import { Retell } from 'retell-sdk'
import { Webhook as StandardWebhook } from 'standardwebhooks'
import Stripe from 'stripe'
import { Webhook as SvixWebhook } from 'svix'
import { describe, expect, it } from 'vitest'
import { encodeBase64, utf8 } from '../../src/bytes/encoding.ts'
import type { WebhookRequest } from '../../src/model/http.ts'
import {
  hmacSignature,
  type SignatureHeaders,
  type SignatureScheme,
  standardWebhooks,
} from '../../src/signatures/index.ts'

const stripe = new Stripe('sk_test_123')

/** A package: it signs text and says whether it accepts a text with headers. */
interface Peer {
  readonly name: string
  readonly ours: (secret: string) => SignatureScheme
  readonly sign: (secret: string, body: string, nowMs: number) => SignatureHeaders | Promise<SignatureHeaders>
  readonly accepts: (secret: string, body: string, headers: SignatureHeaders) => boolean | Promise<boolean>
}

const text = (value: string | undefined): string => value ?? ''
const accepts = (check: () => unknown): boolean => {
  try {
    check()
    return true
  } catch {
    return false
  }
}
const standardSecret = (secret: string): string => `whsec_${encodeBase64(utf8(secret.padEnd(24, '.')))}`

const PEERS: readonly Peer[] = [
  {
    name: 'standardwebhooks',
    ours: secret => standardWebhooks({ secret: standardSecret(secret) }),
    sign: (secret, body, nowMs) => ({
      'webhook-id': 'msg_1',
      'webhook-timestamp': String(Math.floor(nowMs / 1000)),
      'webhook-signature': new StandardWebhook(standardSecret(secret)).sign('msg_1', new Date(nowMs), body),
    }),
    accepts: (secret, body, headers) =>
      accepts(() => new StandardWebhook(standardSecret(secret)).verify(body, headers, { jsonParse: false })),
  },
  {
    name: 'svix',
    ours: secret => standardWebhooks({ secret: standardSecret(secret), headerPrefix: 'svix' }),
    sign: (secret, body, nowMs) => ({
      'svix-id': 'msg_1',
      'svix-timestamp': String(Math.floor(nowMs / 1000)),
      'svix-signature': new SvixWebhook(standardSecret(secret)).sign('msg_1', new Date(nowMs), body),
    }),
    accepts: (secret, body, headers) => accepts(() => new SvixWebhook(standardSecret(secret)).verify(body, headers)),
  },
  {
    name: 'stripe',
    ours: secret =>
      hmacSignature({
        secret,
        signature: { header: 'stripe-signature', list: { separator: ',', tagSeparator: '=', tag: 'v1' } },
        timestamp: { from: { tag: 't' } },
        message: '{timestamp}.{body}',
      }),
    sign: (secret, payload, nowMs) => ({
      'stripe-signature': stripe.webhooks.generateTestHeaderString({
        payload,
        secret,
        timestamp: Math.floor(nowMs / 1000),
      }),
    }),
    accepts: (secret, body, headers) =>
      accepts(() => stripe.webhooks.constructEvent(body, text(headers['stripe-signature']), secret)),
  },
  {
    name: '@octokit/webhooks-methods',
    ours: secret => hmacSignature({ secret, signature: { header: 'x-hub-signature-256', prefix: 'sha256=' } }),
    sign: async (secret, body) => ({ 'x-hub-signature-256': await octokitSign(secret, body) }),
    accepts: async (secret, body, headers) =>
      octokitVerify(secret, body, text(headers['x-hub-signature-256'])).catch(() => false),
  },
  {
    name: 'retell-sdk',
    ours: secret =>
      hmacSignature({
        secret,
        signature: { header: 'x-retell-signature', list: { separator: ',', tagSeparator: '=', tag: 'd' } },
        timestamp: { from: { tag: 'v' }, unit: 'ms' },
        message: '{body}{timestamp}',
      }),
    sign: async (secret, body) => ({ 'x-retell-signature': await Retell.sign(body, secret) }),
    accepts: async (secret, body, headers) => Retell.verify(body, secret, text(headers['x-retell-signature'])),
  },
]

/** JSON, since some packages parse what they have verified; any characters in it. */
const json = fc.json({ stringUnit: 'grapheme' }).filter(body => body.length > 0)
const secretText = fc.string({ unit: fc.constantFrom(...'abcXYZ0189_-+/'), minLength: 8, maxLength: 80 })
const request = (body: string, headers: SignatureHeaders): WebhookRequest => ({
  method: 'POST',
  url: '/',
  headers,
  body: utf8(body),
})

describe.each(PEERS.map(peer => [peer.name, peer] as const))('%s', (_name, { ours, sign, accepts: peerAccepts }) => {
  it('signs what we accept', async () => {
    await fc.assert(
      fc.asyncProperty(json, secretText, async (body, secret) => {
        const verdict = await ours(secret).verify(request(body, await sign(secret, body, Date.now())))
        expect(verdict).toMatchObject({ ok: true })
      }),
    )
  })

  it('accepts what we sign', async () => {
    await fc.assert(
      fc.asyncProperty(json, secretText, async (body, secret) => {
        const headers = await ours(secret).sign({ body, id: 'msg_1', timestampMs: Date.now() })
        expect(await peerAccepts(secret, body, headers)).toBe(true)
      }),
    )
  })

  it('refuses what we refuse: another body, another secret, another signature', async () => {
    await fc.assert(
      fc.asyncProperty(
        json,
        secretText,
        fc.constantFrom('body', 'secret', 'signature'),
        fc.nat(),
        async (body, secret, what, at) => {
          const headers = { ...(await sign(secret, body, Date.now())) }
          const signatureName = Object.keys(headers).find(name => name.includes('signature')) ?? ''
          if (what === 'signature') headers[signatureName] = withOtherDigit(text(headers[signatureName]), at)
          const [otherBody, otherSecret] = [
            what === 'body' ? `${body} ` : body,
            what === 'secret' ? `${secret}x` : secret,
          ]
          expect(await peerAccepts(otherSecret, otherBody, headers)).toBe(false)
          expect(await ours(otherSecret).verify(request(otherBody, headers))).toMatchObject({ ok: false })
        },
      ),
    )
  })
})

/** Changes one of the first 40 digits of the signature, which stand behind its last separator. */
function withOtherDigit(signature: string, at: number): string {
  const start = Math.max(signature.lastIndexOf('=', signature.length - 3), signature.lastIndexOf(',')) + 1
  const position = start + (at % 40)
  const digit = signature[position] === '0' ? '1' : '0'
  return signature.slice(0, position) + digit + signature.slice(position + 1)
}

describe('where we are stricter on purpose', () => {
  const secret = 'a-shared-secret-of-32-characters'
  const body = '{"a":1}'
  const [standard, , stripePeer] = PEERS

  it('a time with something behind its digits (standardwebhooks reads the digits)', async () => {
    const now = Math.floor(Date.now() / 1000)
    const headers = { ...(await standard?.sign(secret, body, now * 1000)), 'webhook-timestamp': `${now}abc` }
    expect(await standard?.accepts(secret, body, headers)).toBe(true)
    expect(await standard?.ours(secret).verify(request(body, headers))).toMatchObject({ code: 'malformed_timestamp' })
  })

  it('a time in the future (stripe accepts any)', async () => {
    const headers = (await stripePeer?.sign(secret, body, Date.now() + 86_400_000)) ?? {}
    expect(await stripePeer?.accepts(secret, body, headers)).toBe(true)
    expect(await stripePeer?.ours(secret).verify(request(body, headers))).toMatchObject({ code: 'timestamp_in_future' })
  })

  it('and where we are not: bytes that are not text are verified as they are', () => {
    const bytes = Uint8Array.of(0xff, 0xfe, 0)
    const scheme = standardWebhooks({ secret: standardSecret(secret) })
    const headers = scheme.sign({ body: bytes, id: 'msg_1' })
    expect(scheme.verify({ ...request('', headers), body: bytes }).ok).toBe(true)
  })
})
