import type { SecretInput } from '../model/secret.ts'
import { hmacSignature } from '../signatures/hmac-signature.ts'
import { describeProvider, firstOf, header, join, path } from './describe.ts'
import type { Provider } from './provider.ts'
import { optionsOf } from './shared/options.ts'

/** Options of {@link sentry}. */
export interface SentryOptions {
  /** The integration's client secret (Settings → Custom integrations). */
  readonly secret: SecretInput
}

/** The body of a Sentry integration webhook. */
export interface SentryNotification {
  readonly action: string
  readonly installation?: { readonly uuid: string }
  readonly data: Readonly<Record<string, unknown>>
  readonly actor?: Readonly<Record<string, unknown>>
  readonly [field: string]: unknown
}

/**
 * Sentry integration webhooks.
 *
 * Proved by HMAC-SHA256 over the body; the header `Sentry-Hook-Timestamp` is not signed, so it is the event's time but
 * limits nothing. The id is the header `Request-ID`. The type is the header `Sentry-Hook-Resource` with the body's
 * `action`: `issue.created`, `event_alert.triggered`. Sentry waits a second only: acknowledge on receipt.
 *
 * @throws {WebhookError} `invalid_secret`.
 * @example const provider = sentry({ secret: process.env.SENTRY_CLIENT_SECRET })
 * @see Sentry documentation, "Integration platform: webhooks".
 */
export function sentry(options: SentryOptions): Provider<Readonly<Record<string, SentryNotification>>> {
  const { secret } = optionsOf('sentry', options, ['secret'])
  return describeProvider({
    name: 'sentry',
    verifier: hmacSignature({ secret, signature: { header: 'sentry-hook-signature' } }),
    id: header('request-id'),
    type: join('.', header('sentry-hook-resource'), path('action')),
    recordId: firstOf(
      path('data.issue.id'),
      path('data.comment_id'),
      path('data.event.event_id'),
      path('data.error.event_id'),
      path('data.installation.uuid'),
    ),
    time: header('sentry-hook-timestamp'),
  })
}
