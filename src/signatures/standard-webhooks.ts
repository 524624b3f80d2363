import { constantTimeEqual } from '../bytes/constant-time.ts'
import { decodeBase64, encodeBase64 } from '../bytes/encoding.ts'
import { SHA256 } from '../bytes/hash.ts'
import { type HmacKey, hmacKey } from '../bytes/hmac.ts'
import { systemNow } from '../clock.ts'
import { WebhookError } from '../errors.ts'
import { randomBytes } from '../ids.ts'
import { headerValues, singleHeader, type WebhookRequest } from '../model/http.ts'
import { andThen } from '../model/maybe-promise.ts'
import { requireSecrets, type SecretInput } from '../model/secret.ts'
import { type MaybePromise, refuse, type VerifyContext, type VerifyResult, withHeaders } from '../model/verification.ts'
import { type Ed25519Keys, ed25519Keys } from './ed25519.ts'
import { accepted } from './hmac-signature.ts'
import { invalidOption, requireObject } from './invalid-option.ts'
import { decodeKey } from './key-decoding.ts'
import { type MessagePieces, readNow } from './prepared-shape.ts'
import { requireHeader } from './request-parts.ts'
import type { SignableMessage, SignatureHeaders, SignatureScheme } from './scheme.ts'
import type { KeyDecoding } from './shape.ts'
import { checkFreshness, parseTimestamp, requireTolerance } from './timestamp.ts'

/** Options of {@link standardWebhooks}. At least one key is needed. */
export interface StandardWebhooksOptions {
  /** `whsec_` and base64, or base64 alone, or the key bytes; several during a rotation. */
  readonly secret?: SecretInput
  /** `whpk_` and base64 of 32 bytes: verifies `v1a` signatures. */
  readonly publicKey?: string | readonly string[] | undefined
  /** `whsk_` and base64 of the seed, or of seed and public key: makes `v1a` signatures. */
  readonly privateKey?: string | readonly string[] | undefined
  /** `webhook` (default), or `svix`: `svix-id` and so on, falling back to `webhook-id`. */
  readonly headerPrefix?: 'webhook' | 'svix'
  /** How far the signed time may lie from now, in seconds, both ways. Default 300. */
  readonly toleranceSeconds?: number
  /** Default: base64 after `whsec_`. `{ decode: 'utf8' }` for senders that use the whole text as key (Polar). */
  readonly key?: KeyDecoding
}

/** The scheme when only shared secrets are configured: it needs no waiting. */
export interface StandardWebhooks<Waiting extends boolean = boolean> extends SignatureScheme {
  sign(message: SignableMessage): Waiting extends false ? SignatureHeaders : MaybePromise<SignatureHeaders>
  verify(
    request: WebhookRequest,
    context?: VerifyContext,
  ): Waiting extends false ? VerifyResult : MaybePromise<VerifyResult>
}

const MAX_SIGNATURES = 32
/** Shorter keys than the specification's 24 bytes are in use; what is this short is a mistake. */
const MIN_KEY_BYTES = 8

/**
 * Standard Webhooks 1.0.0: `webhook-id`, `webhook-timestamp` and `webhook-signature`, over `id.timestamp.body`.
 * Signatures `v1` (HMAC-SHA256) and `v1a` (ed25519, through Web Crypto); several keys, several signatures.
 *
 * Source: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 *
 * @throws {WebhookError} `invalid_secret` or `invalid_option` when it is built; `sign` throws `invalid_option` for an
 * id with a full stop. Verifying answers `{ ok: false, code, message }` and never throws.
 * @example
 * const scheme = standardWebhooks({ secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw' })
 * const verdict = scheme.verify({ method: 'POST', url: '/', headers, body })
 */
export function standardWebhooks(
  options: StandardWebhooksOptions & { readonly publicKey?: undefined; readonly privateKey?: undefined },
): StandardWebhooks<false>
export function standardWebhooks(options: StandardWebhooksOptions): StandardWebhooks
export function standardWebhooks(options: StandardWebhooksOptions): StandardWebhooks {
  requireObject('options', options)
  const { headerPrefix: prefix = 'webhook', toleranceSeconds: tolerance, ...given } = options
  const keys = prepareKeys(given)
  const canSign = keys.hmac.length > 0 || given.privateKey !== undefined
  const toleranceSeconds = requireTolerance('toleranceSeconds', tolerance)

  const sign = (message: SignableMessage): MaybePromise<SignatureHeaders> => {
    if (!canSign) throw invalidOption('privateKey', 'or secret is needed to sign')
    const id = checkId(message.id)
    const timestamp = String(Math.floor((message.timestampMs ?? systemNow()) / 1000))
    const pieces: MessagePieces = [`${id}.${timestamp}.`, message.body]
    const toHeaders = (signatures: readonly string[]): SignatureHeaders => ({
      [`${prefix}-id`]: id,
      [`${prefix}-timestamp`]: timestamp,
      [`${prefix}-signature`]: signatures.join(' '),
    })
    const v1 = keys.hmac.map(key => `v1,${encodeBase64(key.mac(pieces))}`)
    if (keys.ed25519 === undefined) return toHeaders(v1)
    return keys.ed25519.sign(pieces).then(v1a => toHeaders([...v1, ...v1a.map(bytes => `v1a,${encodeBase64(bytes)}`)]))
  }

  const authenticate = (request: WebhookRequest, context?: VerifyContext): MaybePromise<WebhookRequest> => {
    const id = singleHeader(request.headers, `${prefix}-id`) ?? 'msg_2KWPBgLlAfxdpx2AI54pPJ85f4W'
    const message = { body: request.body, id, timestampMs: readNow(context) }
    return andThen(sign(message), headers => withHeaders(request, headers))
  }
  return {
    sign,
    verify: (request, context) => verifyRequest(request, context, { keys, prefix, toleranceSeconds }),
    ...(canSign && { authenticate }),
  }
}

/** A new signing secret: `whsec_` and the base64 of 32 random bytes. */
export function generateSecret(): string {
  return `whsec_${encodeBase64(randomBytes(32))}`
}

interface Keys {
  readonly hmac: readonly HmacKey[]
  readonly ed25519: Ed25519Keys | undefined
}

const STANDARD_KEY: KeyDecoding = { decode: 'base64', stripPrefix: 'whsec_' }

function prepareKeys(options: Omit<StandardWebhooksOptions, 'headerPrefix' | 'toleranceSeconds'>): Keys {
  const { secret, publicKey, privateKey, key: decoding = STANDARD_KEY, ...others } = options
  // In few words: a verifier at the edge is to be small.
  for (const name in others) throw invalidOption(name, 'is not an option')
  if (secret === undefined && publicKey === undefined && privateKey === undefined) requireSecrets('secret', secret)
  const secrets = secret === undefined ? [] : requireSecrets('secret', secret)
  const hmac = secrets.map(text => {
    if (typeof text === 'string' && /^wh[sp]k_/.test(text)) {
      throw new WebhookError('invalid_secret', 'secret is an ed25519 key: give it as publicKey or privateKey', {
        argument: 'secret',
      })
    }
    const key = decodeKey('secret', text, decoding)
    if (key.length < MIN_KEY_BYTES)
      throw new WebhookError('invalid_secret', 'secret is too short', { argument: 'secret' })
    return hmacKey(SHA256, key)
  })
  const asymmetric = publicKey !== undefined || privateKey !== undefined
  return { hmac, ed25519: asymmetric ? ed25519Keys({ publicKey, privateKey }) : undefined }
}

/** A full stop in the id would let `a.b` + `c` pass for `a` + `b.c`. */
function checkId(id: string | undefined): string {
  if (typeof id !== 'string' || !/^[\x21-\x2d\x2f-\x7e]{1,256}$/.test(id)) {
    throw invalidOption('id', 'must be 1 to 256 visible ASCII characters but full stops')
  }
  return id
}

const WEBHOOK_NAMES = namesOf('webhook')
const SVIX_NAMES = namesOf('svix')

function namesOf(prefix: string) {
  return { id: `${prefix}-id`, timestamp: `${prefix}-timestamp`, signature: `${prefix}-signature` }
}

interface VerifySettings {
  readonly keys: Keys
  readonly prefix: string
  readonly toleranceSeconds: number
}

function verifyRequest(
  request: WebhookRequest,
  context: VerifyContext | undefined,
  { keys, prefix, toleranceSeconds }: VerifySettings,
): MaybePromise<VerifyResult> {
  const names = prefix === 'svix' && headerValues(request.headers, 'svix-id').length > 0 ? SVIX_NAMES : WEBHOOK_NAMES
  const id = requireHeader(request, names.id)
  if (typeof id !== 'string') return id
  const timestamp = requireHeader(request, names.timestamp)
  if (typeof timestamp !== 'string') return timestamp
  const signatures = requireHeader(request, names.signature)
  if (typeof signatures !== 'string') return signatures
  const timestampMs = parseTimestamp(timestamp, 's')
  if (timestampMs === undefined) return refuse('malformed_timestamp', 'the signed time is not decimal seconds')
  const stale = checkFreshness(timestampMs, readNow(context), 's', toleranceSeconds)
  if (stale !== undefined) return stale

  const found = splitSignatures(signatures)
  if (found === undefined) return refuse('malformed_signature', 'no signature is readable')
  const pieces: MessagePieces = [`${id}.${timestamp}.`, request.body]
  for (const key of keys.hmac) {
    if (found.v1.length === 0) break
    const mac = key.mac(pieces)
    for (const signature of found.v1) if (constantTimeEqual(mac, signature)) return accepted(timestampMs)
  }
  const mismatch = refuse('signature_mismatch', 'no signature matches: is it the right secret, and the raw body?')
  if (keys.ed25519 === undefined || found.v1a.length === 0) return mismatch
  return keys.ed25519.verify(pieces, found.v1a).then(matches => (matches ? accepted(timestampMs) : mismatch))
}

/** The signatures by version. Unknown versions are passed over, as the specification asks. */
function splitSignatures(header: string): { readonly v1: Uint8Array[]; readonly v1a: Uint8Array[] } | undefined {
  const entries = header.split(' ', MAX_SIGNATURES + 1)
  if (entries.length > MAX_SIGNATURES) return undefined
  const v1: Uint8Array[] = []
  const v1a: Uint8Array[] = []
  for (const entry of entries) {
    const comma = entry.indexOf(',')
    const version = entry.slice(0, comma)
    if (version !== 'v1' && version !== 'v1a') continue
    const signature = decodeBase64(entry.slice(comma + 1))
    if (signature !== undefined) (version === 'v1' ? v1 : v1a).push(signature)
  }
  return v1.length + v1a.length === 0 ? undefined : { v1, v1a }
}
