import { utf8 } from '../bytes/encoding.ts'
import { urlQuery, type WebhookRequest } from '../model/http.ts'
import type { SecretInput } from '../model/secret.ts'
import { jwtSignature } from '../signatures/jwt-signature.ts'
import { describeProvider, firstOf, join, type Lookup, path } from './describe.ts'
import type { Provider } from './provider.ts'
import { formOrJson } from './shared/form-request.ts'
import type { OpenEvents } from './shared/open-events.ts'
import { optionsOf } from './shared/options.ts'
import { publicUrl } from './shared/public-url.ts'

/** Options of {@link messagebird}. */
export interface MessagebirdOptions {
  /** The signing key of the account (developer settings of the dashboard). */
  readonly secret: SecretInput
  /** The public URL as configured at MessageBird, which signs it. Default: the request's own. */
  readonly url?: string
}

/**
 * MessageBird (Bird): status reports and inbound messages, by GET or POST.
 *
 * Proved by a JWT in `MessageBird-Signature-JWT` (HS256, HS384 or HS512) that holds the SHA-256 of the URL and of the
 * body, valid for about a minute; 5 seconds of difference between the clocks are allowed. The body of a GET is its query.
 *
 * `id` is message id, status and time of the status, so that a repeated report is known again; a request without them
 * has the id of its token (`jti`). Types: `message.received`, `message.<status>`, and `conversation` types as they are.
 *
 * @throws {WebhookError} `invalid_secret`, `invalid_option`.
 * @example
 * const provider = messagebird({ secret: process.env.MESSAGEBIRD_SIGNING_KEY, url: 'https://hooks.example.com/bird' })
 * @see MessageBird developer documentation, "Verify HTTP requests".
 */
export function messagebird(options: MessagebirdOptions): Provider<OpenEvents> {
  const { secret, url } = optionsOf('messagebird', options, ['secret', 'url'])
  const token = jwtSignature({
    secret,
    from: { header: 'messagebird-signature-jwt' },
    algorithms: ['HS256', 'HS384', 'HS512'],
    issuer: 'MessageBird',
    leewaySeconds: 5,
    requireExpiry: true,
    urlHashClaim: 'url_hash',
    bodyHashClaim: 'payload_hash',
    url: publicUrl(url),
  })
  const tokenId: Lookup = ({ request }) => {
    const jti = token.claims(request)?.jti
    return typeof jti === 'string' && jti !== '' ? jti : undefined
  }
  const provider = describeProvider<OpenEvents>({
    name: 'messagebird',
    verifier: token,
    methods: ['POST', 'GET'],
    format: request => (request.method === 'GET' ? 'form' : formOrJson(request)),
    id: firstOf(
      join(':', path('id'), path('status'), path('statusDatetime')),
      join(':', path('message.id'), path('type')),
      tokenId,
    ),
    idSource: 'composite',
    type: nativeType,
    recordId: firstOf(path('message.id'), path('id')),
    time: firstOf(path('statusDatetime'), path('message.createdDatetime'), path('createdDatetime')),
  })
  return { ...provider, parse: request => provider.parse(queryAsBody(request)) }
}

/** Conversations name their type; a status report has a status; whatever else comes is an inbound message. */
const nativeType: Lookup = input => {
  const type = path('type')(input)
  if (type?.includes('.')) return type
  const status = path('status')(input)
  return status === undefined ? 'message.received' : `message.${status}`
}

function queryAsBody(request: WebhookRequest): WebhookRequest {
  return request.method === 'GET' ? { ...request, body: utf8(urlQuery(request.url).toString()) } : request
}
