import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { basicAuth, bodyToken, sharedSecret } from '../../src/credentials/index.ts'
import type { WebhookRequest } from '../../src/model/http.ts'
import type { Verifier } from '../../src/model/verification.ts'
import {
  type AsymmetricAlgorithm,
  asymmetricSignature,
  type HashAlgorithm,
  hashSignature,
  hmacSignature,
  type KeyDecoding,
  type SignatureEncoding,
  type SignatureLocation,
  type SignatureShape,
  standardWebhooks,
  type TimestampRule,
} from '../../src/signatures/index.ts'

/** The parameters that a vector is described with, apart from the kinds of credentials. */
interface Params {
  readonly kind: 'hmac' | 'hash' | 'asymmetric' | 'token' | 'basic' | 'jwt' | 'sns'
  readonly algorithm: string
  readonly encoding: SignatureEncoding
  readonly key: { readonly decode: 'utf8' | 'base64' | 'hex'; readonly stripPrefix?: string; readonly format?: 'raw' | 'spki' }
  readonly signature: {
    readonly headers?: readonly string[]
    readonly bodyPath?: string
    readonly prefix?: string
    readonly itemSeparator?: string
    readonly tagSeparator?: string
    readonly tag?: string
    readonly fields?: readonly string[]
    readonly fieldsSeparator?: string
    readonly outerEncoding?: string
  }
  readonly timestamp?: {
    readonly from: 'header' | 'signature' | 'body'
    readonly name: string
    readonly unit: 's' | 'ms' | 'iso8601'
    readonly toleranceSeconds: number | null
  }
  readonly message: readonly string[]
  readonly header?: string
  readonly bodyPath?: string
}

interface Vector {
  readonly id: string
  readonly params: Params | null
  readonly secret: string | null
  readonly publicKey?: string
  readonly method: string
  readonly url: string | null
  readonly atUnixSeconds: number | null
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  readonly valid: boolean
}

/** Not of the common form; the providers have code for them and their own tests. */
const NEEDS_CODE: Readonly<Record<string, string>> = {
  'twilio-json-bodysha256-tampered': 'the body is bound by a hash in the query',
  'adyen-item': 'the signed text is made of eight fields of an item',
  'espocrm-source': 'the signature is encoded twice',
  'aws-sns-v2-notification': 'the key is fetched from a URL in the body',
  'aws-sns-subscription-confirmation': 'the key is fetched from a URL in the body',
}

/** The URL as the sender knows it, where the request shows another one. */
const CONFIGURED_URLS: Readonly<Record<string, string>> = {
  'twilio-form-port-in-url': 'https://mycompany.com/myapp.php?foo=1&bar=2',
  'twilio-form-signed-with-port': 'https://mycompany.com:443/myapp.php?foo=1&bar=2',
}

const vectors = JSON.parse(readFileSync(new URL('signatures.json', import.meta.url), 'utf8')) as readonly Vector[]
const described = vectors.filter(({ id, params }) => params !== null && params.kind !== 'jwt' && !(id in NEEDS_CODE))

describe('signature vectors, through schemes built from their parameters alone', () => {
  it('leaves out only what is listed', () => {
    const left = vectors.filter(vector => !described.includes(vector))
    expect(left.filter(({ params }) => params !== null && params.kind !== 'jwt').map(({ id }) => id).sort()).toEqual(
      Object.keys(NEEDS_CODE).sort(),
    )
    // The others are handshakes, which have no proof, and tokens, which the providers' own tests cover.
    expect(left.filter(({ params }) => params === null)).toHaveLength(8)
    expect(left.filter(({ params }) => params?.kind === 'jwt')).toHaveLength(6)
    expect(described.length).toBeGreaterThan(55)
  })

  it.each(described.map(vector => [vector.id, vector] as const))('%s', async (_id, vector) => {
    const verdict = await verifierFor(vector).verify(requestOf(vector), { now: timeOf(vector) })
    expect(verdict.ok).toBe(vector.valid)
  })

  it.each(described.filter(({ valid }) => valid).map(vector => [vector.id, vector] as const))(
    '%s with one bit of the proved part changed',
    async (_id, vector) => {
      const request = requestOf(vector)
      const { params } = vector
      const inBody = params?.message?.some(part => part === 'body' || part === 'formSorted') || params?.bodyPath !== undefined
      const body = request.body.slice()
      const middle = body.length >> 1
      if (inBody) body[middle] = (body[middle] ?? 0) ^ 1
      const headers = inBody
        ? request.headers
        : Object.fromEntries(Object.entries(vector.headers).map(([name, value]) => [name, value.replace(/[a-zA-Z](?=[^a-zA-Z]*$)/, 'q')]))
      // A signature inside the body covers only some of its texts.
      const changed = params?.signature?.bodyPath === undefined ? { ...request, body, headers } : withOtherToken(request)
      expect(await verifierFor(vector).verify(changed, { now: timeOf(vector) })).toMatchObject({ ok: false })
    },
  )
})

describe('signature vectors in the framing of Standard Webhooks', () => {
  const framed = described.filter(({ params }) => /^(webhook|svix)-signature$/.test(params?.signature?.headers?.[0] ?? '') && params?.signature.tag)
  it.each(framed.map(vector => [vector.id, vector] as const))('%s', async (_id, vector) => {
    const { secret, publicKey, params } = vector
    const scheme = standardWebhooks({
      ...(params?.kind === 'hmac' ? { secret: secret ?? '' } : { publicKey: publicKey ?? '' }),
      ...(params?.key.decode === 'utf8' && { key: { decode: 'utf8' } }),
      headerPrefix: params?.signature.headers?.[0] === 'svix-signature' ? 'svix' : 'webhook',
    })
    const verdict = scheme.verify(requestOf(vector), { now: timeOf(vector) })
    expect(verdict instanceof Promise).toBe(params?.kind === 'asymmetric')
    expect((await verdict).ok).toBe(vector.valid)
  })
})

function requestOf({ method, url, headers, body }: Vector): WebhookRequest {
  return { method, url: url ?? '/', headers, body: new TextEncoder().encode(body) }
}

function withOtherToken(request: WebhookRequest): WebhookRequest {
  const body = new TextDecoder().decode(request.body).replace('"token":"c', '"token":"d')
  return { ...request, body: new TextEncoder().encode(body) }
}

/** Where a vector names no time, the signed time itself. */
function timeOf({ atUnixSeconds, params, headers }: Vector): number {
  if (atUnixSeconds !== null) return atUnixSeconds * 1000
  const { from, name, unit } = params?.timestamp ?? {}
  const [, text = '0'] =
    from === 'header'
      ? (Object.entries(headers).find(([header]) => header.toLowerCase() === name) ?? [])
      : (/\bt=(\d+)/.exec(Object.values(headers).join()) ?? [])
  return Number(text) * (unit === 'ms' ? 1 : 1000)
}

function verifierFor(vector: Vector): Verifier {
  const { params, publicKey = '' } = vector
  const secret = vector.secret ?? ''
  switch (params?.kind) {
    case 'token':
      return params.header === undefined
        ? bodyToken({ path: params.bodyPath ?? '', token: secret })
        : sharedSecret({ header: params.header, secret })
    case 'basic': {
      const colon = secret.indexOf(':')
      return basicAuth({ username: secret.slice(0, colon), password: secret.slice(colon + 1) })
    }
    case 'hash':
      return hashSignature({ ...shapeOf(vector, params), secret, message: messageOf(params), algorithm: params.algorithm as HashAlgorithm })
    case 'hmac':
      return hmacSignature({ ...shapeOf(vector, params), secret, key: keyOf(params), algorithm: params.algorithm as HashAlgorithm })
    case 'asymmetric': {
      const algorithm = params.algorithm as AsymmetricAlgorithm
      const keyFormat = params.key.format === undefined ? {} : { keyFormat: params.key.format }
      return asymmetricSignature({ ...shapeOf(vector, params), publicKey, key: keyOf(params), algorithm, ...keyFormat })
    }
    case 'jwt':
    case 'sns':
    case undefined:
      throw new Error(`${vector.id} is of a kind that is not described`)
  }
}

function keyOf({ key: { decode, stripPrefix } }: Params): KeyDecoding {
  return { decode, ...(stripPrefix !== undefined && { stripPrefix }) }
}

function shapeOf({ id }: Vector, params: Params): SignatureShape {
  const timestamp = timestampOf(params)
  const url = CONFIGURED_URLS[id]
  return {
    signature: locationOf(params.signature),
    encoding: params.encoding,
    message: messageOf(params),
    ...(timestamp && { timestamp }),
    ...(url !== undefined && { url }),
  }
}

const PARTS = new Set(['body', 'timestamp', 'url', 'method', 'secret'])

function messageOf({ message }: Params): string {
  const toPart = (part: string): string => {
    if (part === 'formSorted') return '{form}'
    return PARTS.has(part) || /^(header|bodyPath):/.test(part) ? `{${part}}` : part
  }
  return message.map(toPart).join('')
}

function locationOf({ headers = [], bodyPath, prefix, itemSeparator, tagSeparator, tag, fields, fieldsSeparator }: Params['signature']): SignatureLocation {
  const [header = ''] = headers
  if (bodyPath !== undefined) return { bodyPath }
  if (tag !== undefined) return { header, list: { separator: itemSeparator ?? '', tagSeparator: tagSeparator ?? '', tag } }
  if (fields !== undefined) {
    const names = fields.map(name => (name === 'timestamp' || name === 'signature' ? name : '*'))
    return { header, fields: names, separator: fieldsSeparator ?? '', ...(itemSeparator !== undefined && { lists: itemSeparator }) }
  }
  return { header: headers.length === 1 ? header : headers, ...(prefix !== undefined && { prefix }) }
}

function timestampOf({ timestamp, signature }: Params): TimestampRule | undefined {
  if (timestamp === undefined) return undefined
  const { name, unit, toleranceSeconds } = timestamp
  const from =
    timestamp.from === 'header'
      ? { header: name }
      : timestamp.from === 'body'
        ? { bodyPath: name }
        : signature.fields === undefined
          ? { tag: name }
          : ('field' as const)
  return { from, unit: unit === 'iso8601' ? 'iso' : unit, ...(toleranceSeconds !== null && { toleranceSeconds }) }
}
