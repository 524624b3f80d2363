import { encodeHex, utf8 } from '../bytes/encoding.ts'
import { hash, SHA256 } from '../bytes/hash.ts'
import { parseJson } from '../bytes/json.ts'
import { systemNow } from '../clock.ts'
import type { SecretInput } from '../model/secret.ts'
import type { Verifier } from '../model/verification.ts'
import { hmacSignature } from '../signatures/hmac-signature.ts'
import { canonicalType, describeProvider, path } from './describe.ts'
import type { Provider } from './provider.ts'
import { optionsOf } from './shared/options.ts'

/** Options of {@link mailgun}. */
export interface MailgunOptions {
  /** The HTTP webhook signing key (Settings → API security), not the API key. */
  readonly secret: SecretInput
  /**
   * How far the signed time may lie from now, in seconds. Default 32400 (nine hours): Mailgun tries again for eight
   * hours with the first signature. Shorten it if you can do without late retries.
   */
  readonly toleranceSeconds?: number
}

/** The body of a Mailgun webhook. */
export interface MailgunNotification {
  readonly signature: { readonly timestamp: string; readonly token: string; readonly signature: string }
  readonly 'event-data': {
    readonly event: string
    readonly id: string
    /** Seconds since the epoch, with a fraction. */
    readonly timestamp?: number
    readonly recipient?: string
    readonly [field: string]: unknown
  }
}

/**
 * Mailgun.
 *
 * **The event is not signed.** Mailgun signs a time and a random token in the body, and nothing else: who has seen one
 * request before you took it can send another event with its signature. Use HTTPS, keep bodies out of logs, and do not
 * let such an event decide anything of value. The id is the token, so that each signature is good for one event; two
 * webhooks of Mailgun that report the same event here have two. `event-data.id` is in the data. Types are
 * `message.<event>`.
 *
 * @throws {WebhookError} `invalid_secret`.
 * @example const provider = mailgun({ secret: process.env.MAILGUN_SIGNING_KEY })
 * @see Mailgun documentation, "Securing webhooks" and "Webhook retries".
 */
export function mailgun(options: MailgunOptions): Provider<Readonly<Record<string, MailgunNotification>>> {
  const { secret, toleranceSeconds = 32_400 } = optionsOf('mailgun', options, ['secret', 'toleranceSeconds'])
  return describeProvider({
    name: 'mailgun',
    verifier: mailgunVerifier(secret, toleranceSeconds),
    id: path('signature.token'),
    type: path('event-data.event'),
    canonical: native => canonicalType(`message.${native}`),
    recordId: path('event-data.message.headers.message-id'),
    time: path('event-data.timestamp'),
  })
}

function mailgunVerifier(secret: SecretInput, toleranceSeconds: number): Verifier {
  const scheme = hmacSignature({
    secret,
    signature: { bodyPath: 'signature.signature' },
    message: '{bodyPath:signature.timestamp}{bodyPath:signature.token}',
    timestamp: { from: { bodyPath: 'signature.timestamp' }, toleranceSeconds },
  })
  const signer = hmacSignature({ secret, signature: { header: 'signature' } })
  return {
    verify: (request, context) => scheme.verify(request, context),
    authenticate(request, context) {
      const parsed = parseJson(request.body)
      const body = parsed.ok && typeof parsed.value === 'object' ? parsed.value : {}
      const timestamp = String(Math.floor((context?.now ?? systemNow()) / 1000))
      const token = encodeHex(hash(SHA256, request.body)).slice(0, 50)
      const signature = signer.sign({ body: timestamp + token }).signature
      return { ...request, body: utf8(JSON.stringify({ ...body, signature: { timestamp, token, signature } })) }
    },
  }
}
