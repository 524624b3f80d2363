import { constantTimeEqual } from '../bytes/constant-time.ts'
import { hash } from '../bytes/hash.ts'
import type { FieldTable } from '../model/known-fields.ts'
import { checkOptions } from '../model/known-fields.ts'
import type { SecretInput } from '../model/secret.ts'
import { refuse, withHeaders } from '../model/verification.ts'
import { accepted, requireDigest, type SyncSignatureScheme, signable } from './hmac-signature.ts'
import { invalidOption } from './invalid-option.ts'
import { decodeKeys } from './key-decoding.ts'
import { type MessagePieces, prepareShape, toBytes } from './prepared-shape.ts'
import { isRefusal } from './request-parts.ts'
import type { SignableMessage, SignatureHeaders } from './scheme.ts'
import type { HashAlgorithm, KeyDecoding, SignatureShape } from './shape.ts'

/** Options of {@link hashSignature}. */
export interface HashSignatureOptions extends SignatureShape {
  /** Stands in the message as `{secret}`. */
  readonly secret: SecretInput
  /** The hashed text; must contain `{secret}`. */
  readonly message: string
  /** Default `sha256`. */
  readonly algorithm?: HashAlgorithm
  /** Default: the secret's characters. */
  readonly key?: KeyDecoding
}

const OPTIONS: FieldTable<HashSignatureOptions> = {
  secret: true,
  signature: true,
  message: true,
  timestamp: true,
  encoding: true,
  algorithm: true,
  key: true,
  url: true,
}

/**
 * A plain hash of a text that contains the secret (HubSpot's versions 1 and 2). Weaker than an HMAC: use it only to
 * receive from senders that have nothing better.
 *
 * @throws {WebhookError} `invalid_secret` or `invalid_option`.
 * @example hashSignature({ secret, signature: { header: 'x-hubspot-signature' }, message: '{secret}{method}{url}{body}' })
 */
export function hashSignature(options: HashSignatureOptions): SyncSignatureScheme {
  checkOptions(options, Object.keys(OPTIONS), 'hashSignature')
  if (typeof options.message !== 'string' || !options.message.includes('{secret}'))
    throw invalidOption('message', 'must contain {secret}')
  const digest = requireDigest(options.algorithm)
  const shape = prepareShape(options, digest.bytes)
  const secrets = decodeKeys('secret', options.secret, options.key)
  const digestOf = (pieces: MessagePieces): Uint8Array => hash(digest, concat(pieces))
  const sign = (message: SignableMessage): SignatureHeaders => {
    const draft = shape.write(message)
    return draft.headers(secrets.map(secret => digestOf(draft.message(secret))))
  }
  return {
    sign,
    verify(request, context) {
      const read = shape.read(request, context)
      if (!read.ok) return read
      for (const secret of secrets) {
        const pieces = shape.message(read, secret)
        if (isRefusal(pieces)) return pieces
        const expected = digestOf(pieces)
        if (read.signatures.some(signature => constantTimeEqual(expected, signature))) return accepted(read.timestampMs)
      }
      return refuse('signature_mismatch', 'the signature does not match: is it the right secret, URL and raw body?')
    },
    authenticate: (request, context) => withHeaders(request, sign(signable(request, context))),
  }
}

/** The pieces in one. */
export function concat(pieces: MessagePieces): Uint8Array {
  const parts = pieces.map(toBytes)
  const joined = new Uint8Array(parts.reduce((length, part) => length + part.length, 0))
  let at = 0
  for (const part of parts) {
    joined.set(part, at)
    at += part.length
  }
  return joined
}
