import type { SecretInput } from '../model/secret.ts'
import { hmacSignature } from '../signatures/hmac-signature.ts'
import { describeProvider, firstOf, path } from './describe.ts'
import type { Provider } from './provider.ts'
import { optionsOf } from './shared/options.ts'

/** Options of {@link paddle}. */
export interface PaddleOptions {
  /** The notification destination's secret key (`pdl_ntfset_…`). */
  readonly secret: SecretInput
  /**
   * How far the signed time may lie from now, in seconds. Default 5, as the SDK has it: raise it when your clock or
   * your network is not that good.
   */
  readonly toleranceSeconds?: number
}

/** The body of a Paddle Billing notification. */
export interface PaddleNotification {
  readonly event_id: string
  readonly event_type: string
  readonly notification_id?: string
  /** ISO 8601. */
  readonly occurred_at?: string
  readonly data: Readonly<Record<string, unknown>>
  readonly [field: string]: unknown
}

/**
 * Paddle Billing.
 *
 * Proved by HMAC-SHA256 over time and body (`Paddle-Signature: ts=…;h1=…`). The id is `notification_id`, the same over
 * retries, or else `event_id`.
 *
 * @throws {WebhookError} `invalid_secret`.
 * @example const provider = paddle({ secret: process.env.PADDLE_WEBHOOK_SECRET })
 * @see Paddle developer documentation, "Verify webhook signatures".
 */
export function paddle(options: PaddleOptions): Provider<Readonly<Record<string, PaddleNotification>>> {
  const { secret, toleranceSeconds = 5 } = optionsOf('paddle', options, ['secret', 'toleranceSeconds'])
  return describeProvider({
    name: 'paddle',
    timeoutSeconds: 4,
    verifier: hmacSignature({
      secret,
      signature: { header: 'paddle-signature', list: { separator: ';', tagSeparator: '=', tag: 'h1' } },
      message: '{timestamp}:{body}',
      timestamp: { from: { tag: 'ts' }, toleranceSeconds },
    }),
    id: firstOf(path('notification_id'), path('event_id')),
    type: path('event_type'),
    recordId: path('data.id'),
    time: path('occurred_at'),
  })
}
