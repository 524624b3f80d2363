import { constantTimeEqual } from '../bytes/constant-time.ts'
import { DIGESTS } from '../bytes/digests.ts'
import { decodeBase64Url, decodeHex, encodeBase64Url, utf8 } from '../bytes/encoding.ts'
import { hash, SHA256, sha256Hex } from '../bytes/hash.ts'
import { hmacKey } from '../bytes/hmac.ts'
import { isJsonObject, parseJson } from '../bytes/json.ts'
import { systemNow } from '../clock.ts'
import { WebhookError } from '../errors.ts'
import { headerValues, type WebhookRequest } from '../model/http.ts'
import { checkOptions, type FieldTable } from '../model/known-fields.ts'
import { requireSecrets, type SecretInput } from '../model/secret.ts'
import { type Refusal, refuse, type VerifyContext, type VerifyResult, withHeaders } from '../model/verification.ts'

/** Keyed digests of JSON Web Algorithms (RFC 7518 section 3.2). */
export type JwtAlgorithm = 'HS256' | 'HS384' | 'HS512'

/** Claims of a token. */
export type JwtClaims = Readonly<Record<string, unknown>>

/** Options of {@link jwtSignature}. */
export interface JwtSignatureOptions {
  /** The shared secret; several during a rotation. */
  readonly secret: SecretInput
  /** Where the token stands: a header, perhaps behind a word such as `Bearer `, or the whole body. */
  readonly from: { readonly header: string; readonly prefix?: string } | 'body'
  /** Accepted algorithms; the first one signs. Default `['HS256']`. */
  readonly algorithms?: readonly JwtAlgorithm[]
  /** The value that `iss` must have. Default: it is not looked at. */
  readonly issuer?: string
  /** Allowance for clocks that differ, in seconds. Default 5. */
  readonly leewaySeconds?: number
  /** How old `iat` may be, in seconds, for senders that set no `exp`; `iat` is then required. Default: any age. */
  readonly maxAgeSeconds?: number
  /** Whether `exp` must be there. It is checked wherever it is. Default false. */
  readonly requireExpiry?: boolean
  /** The claim that holds the hex SHA-256 of the body. It must be there when the body is not empty. */
  readonly bodyHashClaim?: string
  /** The claim that holds the hex SHA-256 of the URL, which `url` may take from elsewhere. */
  readonly urlHashClaim?: string
  /** The URL as the sender addressed it. Default: the request's. */
  readonly url?: (request: WebhookRequest) => string
}

const OPTIONS: FieldTable<JwtSignatureOptions> = {
  secret: true,
  from: true,
  algorithms: true,
  issuer: true,
  leewaySeconds: true,
  maxAgeSeconds: true,
  requireExpiry: true,
  bodyHashClaim: true,
  urlHashClaim: true,
  url: true,
}

/** A JWT scheme: synchronous. */
export interface JwtSignature {
  verify(request: WebhookRequest, context?: VerifyContext): VerifyResult
  authenticate(request: WebhookRequest, context?: VerifyContext): WebhookRequest
  /** The claims of a verified request, without checking again; `undefined` when there is no readable token. */
  claims(request: WebhookRequest): JwtClaims | undefined
}

type Settings = Required<
  Omit<JwtSignatureOptions, 'secret' | 'issuer' | 'maxAgeSeconds' | 'bodyHashClaim' | 'urlHashClaim'>
> &
  Pick<JwtSignatureOptions, 'issuer' | 'maxAgeSeconds' | 'bodyHashClaim' | 'urlHashClaim'> & {
    readonly keys: readonly Uint8Array[]
  }

/**
 * Requests that are proved by a JSON Web Token under a shared secret (RFC 7519): MessageBird, Vonage, Netlify, Dialpad.
 * Only the algorithms that were asked for are accepted; `none` never is.
 *
 * A token proves the body only where a claim holds its hash, or where the token is the body.
 *
 * @throws {WebhookError} `invalid_secret`, `invalid_option`.
 * @example
 * const scheme = jwtSignature({ secret, from: { header: 'x-webhook-signature' }, issuer: 'netlify', bodyHashClaim: 'sha256' })
 * const verdict = scheme.verify(request)
 */
export function jwtSignature(options: JwtSignatureOptions): JwtSignature {
  checkOptions(options, Object.keys(OPTIONS), 'jwtSignature')
  if (options.from !== 'body' && typeof options.from?.header !== 'string') {
    throw new WebhookError('invalid_option', "jwtSignature: from must be { header } or 'body'", { argument: 'from' })
  }
  const settings: Settings = {
    ...options,
    keys: requireSecrets('secret', options.secret).map(secret => (typeof secret === 'string' ? utf8(secret) : secret)),
    algorithms: options.algorithms ?? ['HS256'],
    leewaySeconds: requireSeconds('leewaySeconds', options.leewaySeconds ?? 5, 0),
    requireExpiry: options.requireExpiry ?? false,
    url: options.url ?? (request => request.url),
  }
  if (options.maxAgeSeconds !== undefined) requireSeconds('maxAgeSeconds', options.maxAgeSeconds, 1)
  return {
    verify: (request, context) => verifyRequest(request, context?.now ?? systemNow(), settings),
    authenticate: (request, context) => signRequest(request, context?.now ?? systemNow(), settings),
    claims(request) {
      const token = readToken(request, settings)
      return typeof token === 'string' ? decodePart(token.split('.')[1]) : undefined
    },
  }
}

function requireSeconds(argument: string, value: number, least: number): number {
  if (Number.isFinite(value) && value >= least) return value
  throw new WebhookError('invalid_option', `${argument} must be a number of seconds, at least ${least}`, { argument })
}

function verifyRequest(request: WebhookRequest, nowMs: number, settings: Settings): VerifyResult {
  const token = readToken(request, settings)
  if (typeof token !== 'string') return token
  const verified = verifyToken(token, settings)
  if (!verified.ok) return verified
  const { claims } = verified
  return checkTimes(claims, nowMs / 1000, settings) ?? checkClaims(claims, request, settings) ?? accepted(claims)
}

function accepted({ iat }: JwtClaims): VerifyResult {
  return typeof iat === 'number' ? { ok: true, timestampMs: iat * 1000 } : { ok: true }
}

/** Longer header values are not looked at. */
const MAX_HEADER_TOKEN_LENGTH = 16_384

function readToken(request: WebhookRequest, { from }: Settings): string | Refusal {
  if (from === 'body') return latin1(request.body)
  const [value, ...others] = headerValues(request.headers, from.header)
  if (value === undefined) return refuse('missing_header', `${from.header} is missing`)
  if (others.length > 0) return refuse('duplicate_header', `${from.header} came more than once`)
  const prefix = from.prefix ?? ''
  if (value.length > MAX_HEADER_TOKEN_LENGTH || !value.startsWith(prefix)) {
    return refuse('malformed_signature', `${from.header} does not hold a token`)
  }
  return value.slice(prefix.length)
}

/** Every byte as one character: anything that is not ASCII fails in the base64url decoder. */
function latin1(bytes: Uint8Array): string {
  let text = ''
  for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192))
  return text
}

/** The claims of a token with a right signature. */
function verifyToken(token: string, { keys, algorithms }: Settings): { ok: true; claims: JwtClaims } | Refusal {
  const parts = token.split('.', 4)
  const [head, payload, tail] = parts
  const signature = tail === undefined || tail.includes('=') ? undefined : decodeBase64Url(tail)
  const header = parts.length === 3 ? decodePart(head) : undefined
  if (header === undefined || signature === undefined) {
    return refuse('malformed_signature', 'the token is not a compact JWT')
  }
  const algorithm = algorithms.find(name => name === header.alg)
  if (algorithm === undefined || Object.hasOwn(header, 'crit')) {
    return refuse('unsupported_signature', `the token is not signed with ${algorithms.join(' or ')}`)
  }
  const signed = utf8(token.slice(0, token.lastIndexOf('.')))
  let matches = false
  for (const key of keys) if (constantTimeEqual(digest(algorithm, key, signed), signature)) matches = true
  if (!matches) return refuse('signature_mismatch', 'the token was signed with another secret, or changed')
  const claims = decodePart(payload)
  return claims === undefined ? refuse('malformed_signature', 'the token has no claims') : { ok: true, claims }
}

function decodePart(part: string | undefined): JwtClaims | undefined {
  const bytes = part === undefined || part === '' || part.includes('=') ? undefined : decodeBase64Url(part)
  const json = bytes && parseJson(bytes)
  return json?.ok && isJsonObject(json.value) ? json.value : undefined
}

const HASHES = { HS256: DIGESTS.sha256, HS384: DIGESTS.sha384, HS512: DIGESTS.sha512 } as const

function digest(algorithm: JwtAlgorithm, key: Uint8Array, message: Uint8Array): Uint8Array {
  return hmacKey(HASHES[algorithm], key).mac([message])
}

/** `exp`, `nbf` and `iat` are seconds (RFC 7519 section 4.1). */
function checkTimes(claims: JwtClaims, now: number, settings: Settings): Refusal | undefined {
  const { leewaySeconds, maxAgeSeconds, requireExpiry } = settings
  const { exp, nbf, iat } = claims
  for (const [name, time, required] of [
    ['exp', exp, requireExpiry],
    ['nbf', nbf, false],
    ['iat', iat, maxAgeSeconds !== undefined],
  ] as const) {
    if (time === undefined && !required) continue
    if (typeof time !== 'number' || !Number.isFinite(time))
      return refuse('malformed_timestamp', `the claim ${name} is not a time`)
  }
  if (typeof exp === 'number' && exp + leewaySeconds <= now) return refuse('timestamp_too_old', 'the token has expired')
  if (typeof nbf === 'number' && nbf - leewaySeconds > now)
    return refuse('timestamp_in_future', 'the token is not valid yet')
  if (maxAgeSeconds === undefined || typeof iat !== 'number') return undefined
  if (iat + maxAgeSeconds < now) return refuse('timestamp_too_old', `the token is older than ${maxAgeSeconds} seconds`)
  if (iat - maxAgeSeconds > now) return refuse('timestamp_in_future', 'the token was issued in the future')
  return undefined
}

function checkClaims(claims: JwtClaims, request: WebhookRequest, settings: Settings): Refusal | undefined {
  const { issuer, bodyHashClaim, urlHashClaim, url } = settings
  if (issuer !== undefined && claims.iss !== issuer)
    return refuse('signature_mismatch', `the token was not issued by ${issuer}`)
  if (urlHashClaim !== undefined && !isSha256(claims[urlHashClaim], utf8(url(request)))) {
    return refuse('signature_mismatch', 'the token was made for another URL; is the public URL configured?')
  }
  if (bodyHashClaim === undefined) return undefined
  const claim = claims[bodyHashClaim]
  if (claim === undefined && request.body.length === 0) return undefined
  return isSha256(claim, request.body) ? undefined : refuse('signature_mismatch', 'the token was made for another body')
}

function isSha256(claim: unknown, bytes: Uint8Array): boolean {
  const given = typeof claim === 'string' ? decodeHex(claim) : undefined
  return given !== undefined && constantTimeEqual(given, hash(SHA256, bytes))
}

function signRequest(request: WebhookRequest, nowMs: number, settings: Settings): WebhookRequest {
  const { algorithms, keys, from, issuer, bodyHashClaim, urlHashClaim, url } = settings
  const now = Math.floor(nowMs / 1000)
  const payload = from === 'body' ? parseJson(request.body) : undefined
  const claims = {
    ...(payload?.ok && isJsonObject(payload.value) ? payload.value : {}),
    ...(issuer !== undefined && { iss: issuer }),
    ...(from !== 'body' && { nbf: now, exp: now + 60, jti: sha256Hex(request.body).slice(0, 32) }),
    iat: now,
    ...(urlHashClaim !== undefined && { [urlHashClaim]: sha256Hex(utf8(url(request))) }),
    ...(bodyHashClaim !== undefined && request.body.length > 0 && { [bodyHashClaim]: sha256Hex(request.body) }),
  }
  const algorithm = algorithms[0] ?? 'HS256'
  const signed = `${encodePart({ alg: algorithm, typ: 'JWT' })}.${encodePart(claims)}`
  const token = `${signed}.${encodeBase64Url(digest(algorithm, keys[0] ?? new Uint8Array(0), utf8(signed)))}`
  if (from === 'body') return { ...withHeaders(request, { 'content-type': 'application/jwt' }), body: utf8(token) }
  return withHeaders(request, { [from.header]: `${from.prefix ?? ''}${token}` })
}

function encodePart(value: unknown): string {
  return encodeBase64Url(utf8(JSON.stringify(value)))
}
