import { decodeBase64, utf8 } from '../bytes/encoding.ts'
import { readForm } from '../bytes/form.ts'
import { SHA256 } from '../bytes/hash.ts'
import { WebhookError } from '../errors.ts'
import { headerValues, urlQuery, type WebhookRequest } from '../model/http.ts'
import { isTaken } from '../model/receive-result.ts'
import type { SecretInput } from '../model/secret.ts'
import { type Refusal, refuse, type Verifier, withHeaders } from '../model/verification.ts'
import { hmacSignature } from '../signatures/hmac-signature.ts'
import { isRefusal } from '../signatures/request-parts.ts'
import { describeProvider, firstOf, join, type LookupInput, path, valueAt } from './describe.ts'
import type { Provider } from './provider.ts'
import { emptyAnswer } from './shared/answers.ts'
import { isForm } from './shared/form-request.ts'
import type { OpenEvents } from './shared/open-events.ts'
import { optionsOf } from './shared/options.ts'
import { publicUrl } from './shared/public-url.ts'

/** Options of {@link plivo}. */
export interface PlivoOptions {
  /** The auth token of the account (or subaccount). */
  readonly authToken: SecretInput
  /** The public URL as configured at Plivo, which signs it. Default: the request's own. */
  readonly url?: string
  /**
   * Which signature is asked for. Default `v3`, which covers the URL and every field. `v2` covers the URL only: who
   * sees one request can send others with its signature. Messages carry V2, calls V3.
   */
  readonly version?: 'v2' | 'v3'
}

/**
 * Plivo: calls and messages, as form bodies or (GET) queries.
 *
 * Proved by HMAC-SHA256 (base64). V3: `X-Plivo-Signature-V3`, or `-Ma-V3` of the main account, over the URL with sorted
 * query, the sorted fields and a nonce; V2: `X-Plivo-Signature-V2` over URL and nonce. `id` is the call's or message's
 * UUID with event and status. Types: `call.<event>`, `message.received`, `message.<status>`. Answer a request for
 * instructions with `reply(xml)`, a text.
 *
 * @throws {WebhookError} `invalid_secret`, `invalid_option`.
 * @example
 * const provider = plivo({ authToken: process.env.PLIVO_AUTH_TOKEN, url: 'https://hooks.example.com/plivo' })
 * @see Plivo documentation, "Signature validation"; plivo-node, `validateV3Signature`.
 */
export function plivo(options: PlivoOptions): Provider<OpenEvents> {
  const { authToken, url, version = 'v3' } = optionsOf('plivo', options, ['authToken', 'url', 'version'])
  if (version !== 'v2' && version !== 'v3') {
    throw new WebhookError('invalid_option', 'plivo: version must be v2 or v3', { argument: 'version' })
  }
  const address = publicUrl(url)
  const provider = describeProvider<OpenEvents>({
    name: 'plivo',
    verifier: version === 'v2' ? verifierV2(authToken, address) : verifierV3(authToken, address),
    methods: ['POST', 'GET'],
    format: 'form',
    id: firstOf(
      join(':', path('MessageUUID'), path('Status')),
      path('MessageUUID'),
      join(':', path('CallUUID'), path('Event'), path('CallStatus')),
      join(':', path('CallUUID'), path('CallStatus')),
    ),
    idSource: 'composite',
    type: nativeType,
    recordId: firstOf(path('MessageUUID'), path('CallUUID')),
    expectsReply: isInstructionRequest,
    respond: ({ outcome, reply }) => {
      if (!isTaken(outcome)) return undefined
      if (reply === undefined) return emptyAnswer(200)
      if (typeof reply.reply !== 'string') return undefined
      return { status: 200, headers: { 'content-type': 'application/xml' }, body: reply.reply }
    },
  })
  return { ...provider, parse: request => provider.parse(queryAsBody(request)) }
}

function nativeType(input: LookupInput): string | undefined {
  const [message, call] = [path('MessageUUID')(input), path('CallUUID')(input)]
  if (message !== undefined) return `message.${path('Status')(input) ?? 'received'}`
  return call === undefined ? undefined : `call.${path('Event')(input) ?? path('CallStatus')(input) ?? 'event'}`
}

/** Plivo asks what to do with a call, once for every step of it; other events only tell. */
function isInstructionRequest(item: unknown): boolean {
  const event = valueAt(item, 'Event')
  const asks = event === undefined || event === 'StartApp' || event === 'Redirect'
  return asks && valueAt(item, 'CallUUID') !== undefined && valueAt(item, 'MessageUUID') === undefined
}

const V2_HEADER = 'x-plivo-signature-v2'
const V3_HEADERS = ['x-plivo-signature-v3', 'x-plivo-signature-ma-v3'] as const

function verifierV2(secret: SecretInput, address: (request: WebhookRequest) => string): Verifier {
  const scheme = hmacSignature({
    secret,
    signature: { header: V2_HEADER },
    encoding: 'base64',
    message: `{url}{header:${V2_HEADER}-nonce}`,
  })
  const at = (request: WebhookRequest): WebhookRequest => ({ ...request, url: address(request) })
  return {
    verify: (request, context) => scheme.verify(at(request), context),
    authenticate(request, context) {
      const prepared = withHeaders(at(request), { [`${V2_HEADER}-nonce`]: '12345' })
      return { ...scheme.authenticate(prepared, context), url: request.url }
    },
  }
}

/**
 * The signatures of a request, one for each token that is valid, are handed to the scheme under these names, so that it
 * compares all of them with one MAC. More are not looked at.
 */
const SLOTS = ['s0', 's1', 's2', 's3', 's4', 's5', 's6', 's7', 's8', 's9'] as const

function verifierV3(secret: SecretInput, address: (request: WebhookRequest) => string): Verifier {
  const scheme = hmacSignature({ secret, signature: { header: SLOTS }, encoding: 'base64', message: '{url}{body}' })
  return {
    verify(request) {
      const [nonce] = headerValues(request.headers, 'x-plivo-signature-v3-nonce')
      const given = V3_HEADERS.flatMap(name => headerValues(request.headers, name))
      if (nonce === undefined || given.length === 0)
        return refuse('missing_header', `${V3_HEADERS[0]} or its nonce is missing`)
      if (request.body.length > 0 && !isForm(request)) return refuse('malformed_body', 'the body is not a form')
      const signatures = given.flatMap(value => value.split(',', SLOTS.length)).map(value => value.trim())
      if (!signatures.some(signature => decodeBase64(signature)?.length === SHA256.bytes)) {
        return refuse('malformed_signature', 'no signature is a SHA-256 in base64')
      }
      const signed = signedParts(request, address(request), nonce)
      if (isRefusal(signed)) return signed
      const headers = Object.fromEntries(SLOTS.map((slot, i) => [slot, signatures[i]]))
      const body = utf8(signed.tail)
      for (const url of signed.addresses)
        if (scheme.verify({ method: 'POST', url, headers, body }).ok) return { ok: true }
      return refuse('signature_mismatch', 'no signature matches; is the public URL configured?')
    },
    authenticate(request) {
      const nonce = '05429567804466091622'
      const signed = signedParts(request, address(request), nonce)
      if (isRefusal(signed)) return request
      const { [SLOTS[0]]: signature = '' } = scheme.sign({ url: signed.addresses[0], body: signed.tail })
      return withHeaders(request, { [V3_HEADERS[0]]: signature, 'x-plivo-signature-v3-nonce': nonce })
    },
  }
}

/** The signed text: a URL without a path may have been signed with or without the slash. */
interface SignedParts {
  readonly addresses: readonly [string, ...string[]]
  readonly tail: string
}

function signedParts({ method, body }: WebhookRequest, url: string, nonce: string): SignedParts | Refusal {
  const [address = ''] = url.split(/[?#]/, 1)
  const form = readForm(method === 'GET' ? new Uint8Array(0) : body)
  if (!form.ok) return refuse('malformed_body', form.message)
  const query = sorted(urlQuery(url), '=').join('&')
  const fields = sorted(form.fields, '').join('')
  const tail = `${query === '' && fields === '' ? '' : '?'}${query}${query !== '' && fields !== '' ? '.' : ''}${fields}.${nonce}`
  const root = /^https?:\/\/[^/]+$/.test(address)
  return { addresses: root ? [address, `${address}/`] : [address], tail }
}

function sorted(fields: URLSearchParams, glue: string): readonly string[] {
  const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
  return [...fields]
    .sort(([nameA, a], [nameB, b]) => compare(nameA, nameB) || compare(a, b))
    .map(([name, value]) => `${name}${glue}${value}`)
}

function queryAsBody(request: WebhookRequest): WebhookRequest {
  return request.method === 'GET' ? { ...request, body: utf8(urlQuery(request.url).toString()) } : request
}
