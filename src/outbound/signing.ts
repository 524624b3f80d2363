import { encodeBase64, utf8 } from '../bytes/encoding.ts'
import { WebhookError } from '../errors.ts'
import type { Endpoint } from '../model/endpoint.ts'
import type { MaybePromise } from '../model/verification.ts'
import { hmacSignature } from '../signatures/hmac-signature.ts'
import type { SignableMessage, SignatureHeaders } from '../signatures/scheme.ts'
import { standardWebhooks } from '../signatures/standard-webhooks.ts'

/** Signs with one secret. Made for an endpoint; see {@link SigningScheme}. */
export type Signer = (message: SignableMessage) => MaybePromise<SignatureHeaders>

/** A signature scheme that endpoints can name. */
export interface SigningScheme {
  /** The header that carries the signature, where the endpoint does not name another. */
  readonly header: string
  /**
   * Makes a signer. All secrets sign: the current one first, then those that are being replaced.
   *
   * @throws {WebhookError} when a secret does not fit the scheme.
   */
  create(secrets: readonly string[], header: string): Signer
}

/**
 * The schemes that endpoints can name. Where a header has room for one signature only, the secret that is being
 * replaced signs in a second header, `<header>-Previous`.
 *
 * - `standard`: Standard Webhooks, `v1` or, with a `whsk_` secret, `v1a`.
 * - `hex`: HMAC-SHA256 of the body as bare hex (AskPro, Cal.com).
 * - `sha256`: the same behind `sha256=` (WhatsCRM, GitHub).
 * - `timestamped`: `t=<seconds>,v1=<hex>` over `t.body` (Stripe).
 * - `timestamped-ms`: `v=<milliseconds>,d=<hex>` over the body and the digits (Retell).
 * - `insecure-devlink`: base64 of `secret:body`. Not a signature: every receiver and proxy can read the secret.
 * - `none`.
 *
 * Marked as pure, so that a bundle of an application that only receives leaves them out.
 */
export const SIGNING_SCHEMES: Readonly<Record<string, SigningScheme>> = {
  standard: { header: 'webhook-signature', create: createStandard },
  hex: /* @__PURE__ */ single(
    'X-Webhook-Signature',
    (secret, header) => hmacSignature({ secret, signature: { header } }).sign,
  ),
  sha256: /* @__PURE__ */ single(
    'X-Webhook-Signature',
    (secret, header) => hmacSignature({ secret, signature: { header, prefix: 'sha256=' } }).sign,
  ),
  timestamped: {
    header: 'X-Webhook-Signature',
    create: (secrets, header) =>
      hmacSignature({
        secret: secrets,
        signature: { header, list: { separator: ',', tagSeparator: '=', tag: 'v1' } },
        message: '{timestamp}.{body}',
        timestamp: { from: { tag: 't' } },
      }).sign,
  },
  'timestamped-ms': /* @__PURE__ */ single('X-Webhook-Signature', (secret, header) => {
    const location = { header, list: { separator: ',', tagSeparator: '=', tag: 'd' } }
    const timestamp = { from: { tag: 'v' }, unit: 'ms' as const }
    return hmacSignature({ secret, signature: location, message: '{body}{timestamp}', timestamp }).sign
  }),
  'insecure-devlink': /* @__PURE__ */ single('X-Webhook-Signature', (secret, header) => ({ body }) => {
    const text = typeof body === 'string' ? body : new TextDecoder().decode(body)
    return { [header]: encodeBase64(utf8(`${secret}:${text}`)) }
  }),
  none: { header: '', create: () => () => ({}) },
}

function createStandard(secrets: readonly string[]): Signer {
  const privateKey = secrets.filter(secret => secret.startsWith('whsk_'))
  const secret = secrets.filter(other => !other.startsWith('whsk_'))
  const scheme = standardWebhooks({
    ...(privateKey.length > 0 && { privateKey }),
    ...(secret.length > 0 && { secret }),
  })
  return message => scheme.sign(message)
}

function single(defaultHeader: string, createOne: (secret: string, header: string) => Signer): SigningScheme {
  return {
    header: defaultHeader,
    create(secrets, header) {
      const [current, previous] = secrets.map((secret, i) => createOne(secret, i === 0 ? header : `${header}-Previous`))
      if (current === undefined) return () => ({})
      if (previous === undefined) return current
      return async message => ({ ...(await current(message)), ...(await previous(message)) })
    },
  }
}

const signers = new WeakMap<Endpoint, { readonly signer: Signer; readonly untilMs: number }>()

/**
 * The endpoint's signer, prepared once: again when a secret has expired or the endpoint was changed.
 *
 * @throws {WebhookError} `unsupported` for a scheme that this process was not given: nothing is sent unsigned instead.
 */
export function signerOf(endpoint: Endpoint, schemes: Readonly<Record<string, SigningScheme>>, nowMs: number): Signer {
  const known = signers.get(endpoint)
  if (known !== undefined && nowMs < known.untilMs) return known.signer
  const live = endpoint.secrets.filter(({ expiresAtMs }) => expiresAtMs === undefined || expiresAtMs > nowMs)
  const { scheme: name, header } = endpoint.signature
  const scheme = Object.hasOwn(schemes, name) ? schemes[name] : undefined
  if (scheme === undefined) {
    throw new WebhookError('unsupported', `the signature scheme '${name}' is not registered with this sender`)
  }
  const values = live.map(({ value }) => value)
  const signer = scheme.create(values, header ?? scheme.header)
  const untilMs = Math.min(
    ...live.map(({ expiresAtMs }) => expiresAtMs ?? Number.POSITIVE_INFINITY),
    Number.POSITIVE_INFINITY,
  )
  signers.set(endpoint, { signer, untilMs })
  return signer
}
