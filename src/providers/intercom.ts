import type { SecretInput } from '../model/secret.ts'
import { hmacSignature } from '../signatures/hmac-signature.ts'
import { describeProvider, path } from './describe.ts'
import type { Provider } from './provider.ts'
import { optionsOf } from './shared/options.ts'

/** Options of {@link intercom}. */
export interface IntercomOptions {
  /** The app's client secret (Developer Hub → your app → Basic information). */
  readonly secret: SecretInput
}

/** The body of an Intercom notification. */
export interface IntercomNotification {
  readonly type: 'notification_event'
  readonly id: string
  readonly topic: string
  readonly app_id?: string
  readonly data: { readonly type: string; readonly item: Readonly<Record<string, unknown>> }
  readonly delivery_attempts?: number
  /** Seconds since the epoch. */
  readonly created_at?: number
  readonly [field: string]: unknown
}

/**
 * Intercom.
 *
 * Proved by HMAC-SHA1 over the body (`X-Hub-Signature: sha1=…`), without a time. The id is the body's `id`, the type
 * its `topic` (`conversation.user.created`), the attempt `delivery_attempts`. When a subscription is made Intercom
 * sends a signed `ping`, which is an event like any other and answered 200.
 *
 * @throws {WebhookError} `invalid_secret`.
 * @example const provider = intercom({ secret: process.env.INTERCOM_CLIENT_SECRET })
 * @see Intercom developer documentation, "Setting up webhooks" and "Webhook topics".
 */
export function intercom(options: IntercomOptions): Provider<Readonly<Record<string, IntercomNotification>>> {
  const { secret } = optionsOf('intercom', options, ['secret'])
  return describeProvider({
    name: 'intercom',
    timeoutSeconds: 4,
    verifier: hmacSignature({ secret, algorithm: 'sha1', signature: { header: 'x-hub-signature', prefix: 'sha1=' } }),
    id: path('id'),
    type: path('topic'),
    recordId: path('data.item.id'),
    time: path('created_at'),
    attempt: path('delivery_attempts'),
  })
}
