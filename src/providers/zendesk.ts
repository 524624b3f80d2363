import type { SecretInput } from '../model/secret.ts'
import { hmacSignature } from '../signatures/hmac-signature.ts'
import { canonicalType, describeProvider, firstOf, header, path } from './describe.ts'
import type { Provider } from './provider.ts'
import { optionsOf } from './shared/options.ts'

/** Options of {@link zendesk}. */
export interface ZendeskOptions {
  /** The webhook's signing secret (Admin Center → Webhooks → Reveal secret), used as it is shown. */
  readonly secret: SecretInput
  /** How far the signed time may lie from now, in seconds. Default 300; Zendesk names no number. */
  readonly toleranceSeconds?: number
  /** Where the body names its type. Default `type`; for triggers and automations the body is your own. */
  readonly eventPath?: string
}

/** The body of an event subscription. */
export interface ZendeskNotification {
  readonly type: string
  readonly id?: string
  readonly account_id?: number
  /** ISO 8601. */
  readonly time?: string
  /** `zen:ticket:123`. */
  readonly subject?: string
  /** The record as it is. */
  readonly detail?: Readonly<Record<string, unknown>>
  /** What changed: `current` and `previous` of an update. */
  readonly event?: Readonly<Record<string, unknown>>
  readonly [field: string]: unknown
}

/**
 * Zendesk webhooks: event subscriptions, and triggers and automations with a body of your own.
 *
 * Proved by HMAC-SHA256 (base64) over the time, in ISO 8601, and the body. The id is the header
 * `X-Zendesk-Webhook-Invocation-Id`. `zen:event-type:ticket.created` becomes `ticket.created`. No retry counter.
 *
 * @throws {WebhookError} `invalid_secret`.
 * @example const provider = zendesk({ secret: process.env.ZENDESK_WEBHOOK_SECRET })
 * @see Zendesk developer documentation, "Verifying webhook authenticity" and "Webhook event types".
 */
export function zendesk(options: ZendeskOptions): Provider<Readonly<Record<string, ZendeskNotification>>> {
  const {
    secret,
    toleranceSeconds = 300,
    eventPath = 'type',
  } = optionsOf('zendesk', options, ['secret', 'toleranceSeconds', 'eventPath'])
  return describeProvider({
    name: 'zendesk',
    timeoutSeconds: 10,
    verifier: hmacSignature({
      secret,
      signature: { header: 'x-zendesk-webhook-signature' },
      encoding: 'base64',
      message: '{timestamp}{body}',
      timestamp: { from: { header: 'x-zendesk-webhook-signature-timestamp' }, unit: 'iso', toleranceSeconds },
    }),
    id: firstOf(header('x-zendesk-webhook-invocation-id'), path('id')),
    type: path(eventPath),
    canonical: native => canonicalType(native.replace(/^zen:event-type:/, '')),
    recordId: path('detail.id'),
    time: path('time'),
  })
}
