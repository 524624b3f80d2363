import { constantTimeEqual } from '../bytes/constant-time.ts'
import { DIGESTS } from '../bytes/digests.ts'
import type { Digest } from '../bytes/hash.ts'
import { hmacKey } from '../bytes/hmac.ts'
import { headerEntries, type WebhookRequest } from '../model/http.ts'
import type { FieldTable } from '../model/known-fields.ts'
import { checkOptions } from '../model/known-fields.ts'
import type { SecretInput } from '../model/secret.ts'
import { refuse, type VerifyContext, type VerifyResult, withHeaders } from '../model/verification.ts'
import { invalidOption } from './invalid-option.ts'
import { decodeKeys } from './key-decoding.ts'
import { prepareShape, readNow } from './prepared-shape.ts'
import { isRefusal } from './request-parts.ts'
import type { SignableMessage, SignatureHeaders, SignatureScheme } from './scheme.ts'
import type { HashAlgorithm, KeyDecoding, SignatureShape } from './shape.ts'

/** Options of {@link hmacSignature}. */
export interface HmacSignatureOptions extends SignatureShape {
  /** The shared secret; several during a rotation: any is accepted, all sign where the header can hold several. */
  readonly secret: SecretInput
  /** Default `sha256`. */
  readonly algorithm?: HashAlgorithm
  /** Default: the secret's characters are the key. */
  readonly key?: KeyDecoding
}

const OPTIONS: FieldTable<HmacSignatureOptions> = {
  secret: true,
  signature: true,
  message: true,
  timestamp: true,
  encoding: true,
  algorithm: true,
  key: true,
  url: true,
}

/** A scheme that needs no waiting. */
export interface SyncSignatureScheme extends SignatureScheme {
  sign(message: SignableMessage): SignatureHeaders
  verify(request: WebhookRequest, context?: VerifyContext): VerifyResult
  authenticate(request: WebhookRequest, context?: VerifyContext): WebhookRequest
}

/** An HMAC scheme. */
export type HmacSignature = SyncSignatureScheme

/**
 * HMAC of a message (RFC 2104), as most senders sign: described by where the signature stands, what it covers and
 * how it is written. Keys are prepared once.
 *
 * @throws {WebhookError} `invalid_secret` or `invalid_option`, naming the option, when the description is wrong.
 * Verifying never throws on what a stranger sends: it answers `{ ok: false, code, message }`.
 * @example
 * const scheme = hmacSignature({
 *   secret: process.env.ACME_SECRET,
 *   signature: { header: 'x-acme-signature', prefix: 'sha256=' },
 * })
 * const verdict = scheme.verify({ method: 'POST', url: '/', headers, body })
 */
export function hmacSignature(options: HmacSignatureOptions): HmacSignature {
  checkOptions(options, Object.keys(OPTIONS), 'hmacSignature')
  const digest = requireDigest(options.algorithm)
  const shape = prepareShape(options, digest.bytes)
  const keys = decodeKeys('secret', options.secret, options.key).map(key => hmacKey(digest, key))
  const sign = (message: SignableMessage): SignatureHeaders => {
    const draft = shape.write(message)
    const pieces = draft.message()
    return draft.headers(keys.map(key => key.mac(pieces)))
  }
  return {
    sign,
    verify(request, context) {
      const read = shape.read(request, context)
      if (!read.ok) return read
      const pieces = shape.message(read)
      if (isRefusal(pieces)) return pieces
      for (const key of keys) {
        const mac = key.mac(pieces)
        for (const signature of read.signatures) {
          if (constantTimeEqual(mac, signature)) return accepted(read.timestampMs)
        }
      }
      return refuse('signature_mismatch', 'the signature does not match: is it the right secret, and the raw body?')
    },
    authenticate: (request, context) => withHeaders(request, sign(signable(request, context))),
  }
}

/** @throws {WebhookError} `invalid_option` for an algorithm that is not there. */
export function requireDigest(algorithm: HashAlgorithm = 'sha256'): Digest {
  if (Object.hasOwn(DIGESTS, algorithm)) return DIGESTS[algorithm]
  throw invalidOption('algorithm', `must be one of ${Object.keys(DIGESTS).join(', ')}`)
}

/** A request that is to be signed as its sender would. */
export function signable(request: WebhookRequest, context: VerifyContext | undefined): SignableMessage {
  const headers: Record<string, string> = {}
  for (const [name, value] of headerEntries(request.headers)) {
    headers[name.toLowerCase()] = typeof value === 'string' ? value : value.join(', ')
  }
  const { method, url, body } = request
  return { method, url, headers, body, timestampMs: readNow(context) }
}

/** A positive verdict. */
export function accepted(timestampMs: number | undefined): VerifyResult {
  return timestampMs === undefined ? { ok: true } : { ok: true, timestampMs }
}
