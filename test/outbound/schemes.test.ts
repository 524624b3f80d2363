import { createHmac, generateKeyPairSync, sign as nodeSign } from 'node:crypto'
import { verify as octokitVerify } from '@octokit/webhooks-methods'
import type { Provider, WebhookRequest } from 'crm-webhooks'
import { askproGateway } from 'crm-webhooks/providers/askpro-gateway'
import { calcom } from 'crm-webhooks/providers/calcom'
import { devlink } from 'crm-webhooks/providers/devlink'
import { retell } from 'crm-webhooks/providers/retell'
import { whatscrm } from 'crm-webhooks/providers/whatscrm'
import { standardWebhooks } from 'crm-webhooks/signatures'
import { Retell } from 'retell-sdk'
import { Webhook as StandardWebhook } from 'standardwebhooks'
import Stripe from 'stripe'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { SIGNING_SCHEMES } from '../../src/outbound/signing.ts'
import { SECRET } from './support.ts'
import { at, type Captured, plainHeaders, startWireRig, type WireRig } from './wire-rig.ts'

let rig: WireRig
beforeAll(async () => {
  rig = await startWireRig()
})
afterAll(() => rig.close())

const OLD = 'old-secret-0123456789'
const NEW = 'new-secret-ünd-9876543210'
const stripe = new Stripe('sk_test_x')

const hmacHex = (secret: string, text: string | Buffer): string =>
  createHmac('sha256', secret).update(text).digest('hex')
const requestOf = (captured: Captured, renamed: Readonly<Record<string, string>> = {}): WebhookRequest => {
  const headers = plainHeaders(captured)
  for (const [from, to] of Object.entries(renamed)) headers[to] = headers[from] ?? ''
  return { method: 'POST', url: '/', headers, body: captured.body }
}
const accepted = async (provider: Pick<Provider, 'verify'>, request: WebhookRequest): Promise<boolean> =>
  (await provider.verify(request, { now: rig.clock.now() })).ok

/** Whether a secret verifies what arrived, by somebody else's code or by our own receiving half. `header` is lower case. */
interface Receiver {
  readonly who: string
  readonly scheme: string
  readonly header?: string
  accepts(secret: string, captured: Captured, header: string): Promise<boolean> | boolean
}

const header = (captured: Captured, name: string): string => String(captured.headers[name] ?? '')

const RECEIVERS: readonly Receiver[] = [
  {
    who: 'node:crypto',
    scheme: 'hex',
    accepts: (secret, captured, name) => header(captured, name) === hmacHex(secret, captured.body),
  },
  {
    who: 'our askpro-gateway',
    scheme: 'hex',
    header: 'X-Signature',
    accepts: (secret, captured, name) =>
      accepted(askproGateway({ secret }), requestOf(captured, { [name]: 'x-signature' })),
  },
  {
    who: 'our calcom',
    scheme: 'hex',
    header: 'X-Cal-Signature-256',
    accepts: (secret, captured, name) =>
      accepted(calcom({ secret }), requestOf(captured, { [name]: 'x-cal-signature-256' })),
  },
  {
    who: 'node:crypto',
    scheme: 'sha256',
    accepts: (secret, captured, name) => header(captured, name) === `sha256=${hmacHex(secret, captured.body)}`,
  },
  {
    who: 'our whatscrm',
    scheme: 'sha256',
    accepts: (secret, captured, name) =>
      accepted(whatscrm({ secret }), requestOf(captured, { [name]: 'x-webhook-signature' })),
  },
  {
    who: '@octokit/webhooks-methods',
    scheme: 'sha256',
    header: 'X-Hub-Signature-256',
    accepts: (secret, captured, name) =>
      octokitVerify(secret, captured.body.toString('utf8'), header(captured, name)).catch(() => false),
  },
  {
    who: 'stripe',
    scheme: 'timestamped',
    header: 'Stripe-Signature',
    accepts(secret, captured, name) {
      try {
        return Boolean(stripe.webhooks.constructEvent(captured.body, header(captured, name), secret))
      } catch {
        return false
      }
    },
  },
  {
    who: 'retell-sdk',
    scheme: 'timestamped-ms',
    header: 'X-Retell-Signature',
    accepts: (secret, captured, name) => Retell.verify(captured.body.toString('utf8'), secret, header(captured, name)),
  },
  {
    who: 'our retell',
    scheme: 'timestamped-ms',
    header: 'X-Retell-Signature',
    accepts: (secret, captured, name) =>
      accepted(retell({ apiKey: secret }), requestOf(captured, { [name]: 'x-retell-signature' })),
  },
  {
    who: 'base64 by hand',
    scheme: 'insecure-devlink',
    accepts: (secret, captured, name) =>
      Buffer.from(header(captured, name), 'base64').toString('utf8') === `${secret}:${captured.body.toString('utf8')}`,
  },
  {
    who: 'our devlink',
    scheme: 'insecure-devlink',
    accepts: (secret, captured, name) =>
      accepted(
        devlink({ secret, insecureLegacySignature: true }),
        requestOf(captured, { [name]: 'x-webhook-signature' }),
      ),
  },
]

const data = { name: 'Zoë 🎉', id: '9007199254740993' }

async function endpointFor(scheme: string, secret: string, name?: string): Promise<string> {
  const signature = name === undefined ? scheme : { scheme, header: name }
  const { endpoint } = await rig.sender.endpoints.create(at(rig, { signature, secret, events: [`only.${scheme}`] }))
  return endpoint.id
}

/** One event to this endpoint alone. */
async function sendTo(id: string): Promise<Captured> {
  const attempt = await rig.sender.test(id, { type: 'lead.created', data })
  expect(attempt.outcome).toBe('succeeded')
  const captured = rig.captured.at(-1)
  if (captured === undefined) throw new Error('nothing was sent')
  return captured
}

describe.each(RECEIVERS.map(receiver => [`${receiver.scheme}, by ${receiver.who}`, receiver] as const))(
  '%s',
  (_, receiver) => {
    const wanted = receiver.header ?? 'X-Webhook-Signature'
    const name = wanted.toLowerCase()

    it('verifies with its secret and with no other', async () => {
      const captured = await sendTo(await endpointFor(receiver.scheme, OLD, receiver.header))
      expect(await receiver.accepts(OLD, captured, name)).toBe(true)
      expect(await receiver.accepts(NEW, captured, name)).toBe(false)
      const tampered = { ...captured, body: Buffer.from(captured.body.toString('utf8').replace('🎉', '🎈')) }
      expect(await receiver.accepts(OLD, tampered, name)).toBe(false)
    })

    it('verifies with either secret during a rotation, and with the new one alone after it', async () => {
      const id = await endpointFor(receiver.scheme, OLD, receiver.header)
      await rig.sender.endpoints.rotateSecret(id, { secret: NEW, keepPreviousForSeconds: 2 })
      const during = await sendTo(id)
      const previous = receiver.scheme === 'timestamped' ? name : `${name}-previous`
      expect(await receiver.accepts(NEW, during, name)).toBe(true)
      expect(await receiver.accepts(OLD, during, previous)).toBe(true)
      await rig.clock.advance(2_000)
      const after = await sendTo(id)
      expect(await receiver.accepts(NEW, after, name)).toBe(true)
      expect(await receiver.accepts(OLD, after, name)).toBe(false)
      expect(after.headers[`${name}-previous`]).toBeUndefined()
    })
  },
)

describe('standard', () => {
  const OTHER = 'whsec_AAAAQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwAAAAAAAAAAA'
  const accepts = (secret: string, { body, ...captured }: Captured): boolean => {
    try {
      return Boolean(new StandardWebhook(secret).verify(body, plainHeaders({ ...captured, body })))
    } catch {
      return false
    }
  }

  const acceptedOf = (secrets: readonly string[], captured: Captured): readonly string[] =>
    secrets.filter(secret => accepts(secret, captured))

  it('verifies with every secret whose time is not over, the last five, until they are ended', async () => {
    const id = await endpointFor('standard', SECRET)
    const secrets = [SECRET]
    for (const keepPreviousForSeconds of [3_600, 60, 3_600]) {
      secrets.push((await rig.sender.endpoints.rotateSecret(id, { keepPreviousForSeconds })).secret)
    }
    expect(acceptedOf([...secrets, OTHER], await sendTo(id))).toEqual(secrets)
    await rig.clock.advance(60_000)
    const [first = '', , third = '', fourth = ''] = secrets
    expect(acceptedOf(secrets, await sendTo(id))).toEqual([first, third, fourth])

    await rig.sender.endpoints.rotateSecret(id, { secret: third })
    expect((await sendTo(id)).headers['webhook-signature']?.toString().split(' ')).toHaveLength(3)
    for (let i = 0; i < 3; i++) secrets.push((await rig.sender.endpoints.rotateSecret(id)).secret)
    expect(acceptedOf(secrets, await sendTo(id))).toEqual([third, fourth, ...secrets.slice(-3)])

    const last = await rig.sender.endpoints.rotateSecret(id, { keepPreviousForSeconds: 0 })
    expect(acceptedOf([...secrets, last.secret], await sendTo(id))).toEqual([last.secret])
  })

  it('signs with ed25519 for a whsk_ secret, which the public key verifies', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519')
    const raw = (key: typeof publicKey, part: 'x' | 'd') =>
      Buffer.from(key.export({ format: 'jwk' })[part] ?? '', 'base64url')
    const seed = raw(privateKey, 'd')
    const id = await endpointFor('standard', `whsk_${seed.toString('base64')}`)
    const captured = await sendTo(id)
    const { headers, body } = captured
    const signed = Buffer.concat([Buffer.from(`${headers['webhook-id']}.${headers['webhook-timestamp']}.`), body])
    expect(headers['webhook-signature']).toBe(`v1a,${nodeSign(null, signed, privateKey).toString('base64')}`)
    const key = `whpk_${raw(publicKey, 'x').toString('base64')}`
    const verify = (request: WebhookRequest) =>
      standardWebhooks({ publicKey: key }).verify(request, { now: rig.clock.now() })
    expect(await verify(requestOf(captured))).toMatchObject({ ok: true })
    expect(await verify({ ...requestOf(captured), body: Buffer.from('{}') })).toMatchObject({
      ok: false,
      code: 'signature_mismatch',
    })

    // From a private key to a shared secret: both sign for a while.
    await rig.sender.endpoints.rotateSecret(id, { secret: SECRET })
    const during = await sendTo(id)
    expect(accepts(SECRET, during)).toBe(true)
    expect(await verify(requestOf(during))).toMatchObject({ ok: true })
  })
})

describe('the schemes', () => {
  it('are all shown here', () => {
    const shown = new Set([...RECEIVERS.map(({ scheme }) => scheme), 'standard', 'none'])
    expect([...shown].sort()).toEqual(Object.keys(SIGNING_SCHEMES).sort())
  })

  it('none sends no signature', async () => {
    const { headers } = await sendTo(await endpointFor('none', OLD))
    expect(Object.keys(headers).filter(name => name.includes('signature'))).toEqual([])
  })

  it('insecure-devlink discloses the secret to the receiver, but not to our log', async () => {
    const id = await endpointFor('insecure-devlink', 'canary-devlink-secret', 'X-Proof')
    const captured = await sendTo(id)
    expect(Buffer.from(header(captured, 'x-proof'), 'base64').toString('utf8')).toContain('canary-devlink-secret')
    const seen = JSON.stringify([await rig.sender.attempts.list({ endpointId: id }), await rig.sender.preview(id)])
    expect(seen).not.toContain(header(captured, 'x-proof'))
    expect(seen).not.toContain('canary-devlink-secret')
  })

  it('insecure-devlink is warned of whenever such an endpoint is saved', async () => {
    const warn = vi.fn()
    const own = await startWireRig({ logger: { ...console, warn } })
    const { endpoint } = await own.sender.endpoints.create(at(own, { signature: 'insecure-devlink', secret: OLD }))
    await own.sender.endpoints.update(endpoint.id, { name: 'Other' })
    await own.sender.endpoints.update(endpoint.id, { signature: 'hex' })
    expect(warn.mock.calls).toEqual([
      [expect.stringContaining('discloses its secret'), { scheme: 'insecure-devlink' }],
      [expect.stringContaining('discloses its secret'), { scheme: 'insecure-devlink' }],
    ])
    await own.close()
  })

  it('can be the application’s own, by name', async () => {
    const own = await startWireRig({
      signatures: {
        md: {
          header: 'X-Md',
          create:
            ([secret = ''], name) =>
            ({ body }) => ({ [name]: hmacHex(secret, Buffer.from(body)) }),
        },
      },
    })
    const { endpoint } = await own.sender.endpoints.create(at(own, { signature: 'md', secret: OLD }))
    const captured = await own.send(data)
    expect(captured.headers['x-md']).toBe(hmacHex(OLD, captured.body))
    await expect(own.sender.endpoints.update(endpoint.id, { headers: { 'x-md': 'mine' } })).rejects.toMatchObject({
      argument: 'headers',
    })
    await own.close()
  })
})
