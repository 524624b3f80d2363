import type { SecretInput } from '../model/secret.ts'
import { standardWebhooks } from '../signatures/standard-webhooks.ts'
import { describeProvider, firstOf, header, path } from './describe.ts'
import type { Provider } from './provider.ts'
import { optionsOf } from './shared/options.ts'

/** Options of {@link resend}. */
export interface ResendOptions {
  /** The webhook's signing secret: `whsec_` and base64. */
  readonly secret: SecretInput
  /** How far the signed time may lie from now, in seconds. Default 300. */
  readonly toleranceSeconds?: number
}

/** The body of a Resend webhook. */
export interface ResendNotification {
  readonly type: string
  /** ISO 8601. */
  readonly created_at?: string
  readonly data: Readonly<Record<string, unknown>>
}

/**
 * Resend.
 *
 * Proved as Standard Webhooks says, in `svix-…` headers. The id is `svix-id`, the same over retries. No retry counter.
 *
 * @throws {WebhookError} `invalid_secret`.
 * @example const provider = resend({ secret: process.env.RESEND_WEBHOOK_SECRET })
 * @see Resend documentation, "Verify webhooks requests".
 */
export function resend(options: ResendOptions): Provider<Readonly<Record<string, ResendNotification>>> {
  const { secret, toleranceSeconds = 300 } = optionsOf('resend', options, ['secret', 'toleranceSeconds'])
  return describeProvider({
    name: 'resend',
    verifier: standardWebhooks({ secret, headerPrefix: 'svix', toleranceSeconds }),
    id: firstOf(header('svix-id'), header('webhook-id')),
    type: path('type'),
    recordId: firstOf(path('data.email_id'), path('data.id')),
    time: path('created_at'),
  })
}
