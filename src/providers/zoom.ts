import { isJsonObject, parseJson } from '../bytes/json.ts'
import type { WebhookRequest, WebhookResponse } from '../model/http.ts'
import { requireSecrets, type SecretInput } from '../model/secret.ts'
import { hmacSignature } from '../signatures/hmac-signature.ts'
import { describeProvider, firstOf, join, path, valueAt } from './describe.ts'
import type { Provider } from './provider.ts'
import { jsonAnswer } from './shared/answers.ts'
import type { OpenEvents } from './shared/open-events.ts'
import { optionsOf } from './shared/options.ts'

/** Options of {@link zoom}. */
export interface ZoomOptions {
  /** The secret token of the app ("Features", "Access"), not its client secret. */
  readonly secretToken: SecretInput
  /** How far the signed time may lie from now, in seconds. Default 300. */
  readonly toleranceSeconds?: number
}

/**
 * Zoom: meetings, webinars, phone, recordings, users.
 *
 * Proved by `x-zm-signature: v0=<hex>`, an HMAC-SHA256 over `v0:timestamp:body`. The `endpoint.url_validation` that
 * Zoom repeats every 72 hours is answered only once it has proved itself: the answer is made with the same secret, and
 * would otherwise sign what a stranger likes.
 *
 * Zoom sends no id: `id` is event, time (`event_ts`) and the SHA-256 of the body, because what happens to two
 * participants in one moment differs nowhere else. Types are Zoom's own (`meeting.started`); `data` is the `payload`.
 *
 * @throws {WebhookError} `invalid_secret`, `invalid_option`.
 * @example
 * const provider = zoom({ secretToken: process.env.ZOOM_SECRET_TOKEN })
 * receiver.on('meeting.ended', ({ recordId, data }) => crm.logMeeting(recordId, data['object']))
 * @see Zoom developer documentation, "Using webhooks".
 */
export function zoom(options: ZoomOptions): Provider<OpenEvents> {
  const { secretToken, toleranceSeconds = 300 } = optionsOf('zoom', options, ['secretToken', 'toleranceSeconds'])
  const secrets = requireSecrets('secretToken', secretToken)
  const signature = { header: 'x-zm-signature', prefix: 'v0=' }
  const timestampHeader = 'x-zm-request-timestamp'
  // Freshness is judged before; here only the secret is sought that the request was signed with.
  const schemes = secrets.map(secret => ({
    request: hmacSignature({ secret, signature, message: `v0:{header:${timestampHeader}}:{body}` }),
    answer: hmacSignature({ secret, signature: { header: 'token' } }),
  }))

  function answerValidation(request: WebhookRequest): WebhookResponse | undefined {
    const plainToken = validationToken(request)
    const scheme = plainToken && schemes.find(one => one.request.verify(request).ok)
    if (!scheme) return undefined
    const { token: encryptedToken } = scheme.answer.sign({ body: plainToken })
    return jsonAnswer({ plainToken, encryptedToken })
  }

  return describeProvider<OpenEvents>({
    name: 'zoom',
    verifier: hmacSignature({
      secret: secrets,
      signature,
      timestamp: { from: { header: timestampHeader }, toleranceSeconds },
      message: 'v0:{timestamp}:{body}',
    }),
    timeoutSeconds: 2.5,
    challenge: answerValidation,
    id: join(':', path('event'), path('event_ts'), ({ bodyDigest }) => bodyDigest()),
    idSource: 'composite',
    type: path('event'),
    recordId: firstOf(path('payload.object.id'), path('payload.object.uuid')),
    time: path('event_ts'),
    data: item => (isJsonObject(item) ? item.payload : undefined),
  })
}

/** Never a text that could be taken for a signed one: those begin with `v0:`. */
function validationToken({ body }: WebhookRequest): string | undefined {
  const json = parseJson(body)
  if (!json.ok || valueAt(json.value, 'event') !== 'endpoint.url_validation') return undefined
  const token = valueAt(json.value, 'payload.plainToken')
  return typeof token === 'string' && /^[\w+/=.~-]{1,256}$/.test(token) ? token : undefined
}
