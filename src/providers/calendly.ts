import type { SecretInput } from '../model/secret.ts'
import { hmacSignature } from '../signatures/hmac-signature.ts'
import { describeProvider, join, path } from './describe.ts'
import type { Provider } from './provider.ts'
import { optionsOf } from './shared/options.ts'

/** Options of {@link calendly}. */
export interface CalendlyOptions {
  /** The `signing_key` of the webhook subscription. */
  readonly secret: SecretInput
  /** How far the signed time may lie from now, in seconds. Default 180, as Calendly suggests. */
  readonly toleranceSeconds?: number
}

/** The body of a Calendly webhook. */
export interface CalendlyNotification {
  readonly event: string
  /** ISO 8601. */
  readonly created_at?: string
  /** URI of the user who made the subscription. */
  readonly created_by?: string
  readonly payload: Readonly<Record<string, unknown>>
}

/**
 * Calendly.
 *
 * Proved by HMAC-SHA256 over time and body (`Calendly-Webhook-Signature: t=…,v1=…`). There is no delivery id: event
 * and `payload.uri` together name an event once. No retry counter.
 *
 * @throws {WebhookError} `invalid_secret`.
 * @example
 * const provider = calendly({ secret: process.env.CALENDLY_SIGNING_KEY })
 * receiver.on('invitee.created', ({ data }) => book(data.payload))
 * @see Calendly developer documentation, "Webhook signatures".
 */
export function calendly(options: CalendlyOptions): Provider<Readonly<Record<string, CalendlyNotification>>> {
  const { secret, toleranceSeconds = 180 } = optionsOf('calendly', options, ['secret', 'toleranceSeconds'])
  return describeProvider({
    name: 'calendly',
    verifier: hmacSignature({
      secret,
      signature: { header: 'calendly-webhook-signature', list: { separator: ',', tagSeparator: '=', tag: 'v1' } },
      message: '{timestamp}.{body}',
      timestamp: { from: { tag: 't' }, toleranceSeconds },
    }),
    id: join(':', path('event'), path('payload.uri')),
    idSource: 'composite',
    type: path('event'),
    recordId: path('payload.uri'),
    time: path('created_at'),
  })
}
