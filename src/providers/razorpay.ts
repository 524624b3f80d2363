import type { SecretInput } from '../model/secret.ts'
import { hmacSignature } from '../signatures/hmac-signature.ts'
import { describeProvider, header, path, splitType } from './describe.ts'
import type { Provider } from './provider.ts'
import { optionsOf } from './shared/options.ts'

/** Options of {@link razorpay}. */
export interface RazorpayOptions {
  /** The secret that you chose for the webhook (Dashboard → Webhooks), not the API key's. */
  readonly secret: SecretInput
}

/** The body of a Razorpay webhook. */
export interface RazorpayNotification {
  readonly entity: 'event'
  readonly account_id?: string
  readonly event: string
  /** Names of the records in `payload`. */
  readonly contains?: readonly string[]
  readonly payload: Readonly<Record<string, { readonly entity: Readonly<Record<string, unknown>> }>>
  /** Seconds since the epoch. */
  readonly created_at?: number
  readonly [field: string]: unknown
}

/**
 * Razorpay.
 *
 * Proved by HMAC-SHA256 over the body, without a time. The id is the header `X-Razorpay-Event-Id`, which is not signed.
 *
 * @throws {WebhookError} `invalid_secret`.
 * @example const provider = razorpay({ secret: process.env.RAZORPAY_WEBHOOK_SECRET })
 * @see Razorpay documentation, "Validate and test webhooks".
 */
export function razorpay(options: RazorpayOptions): Provider<Readonly<Record<string, RazorpayNotification>>> {
  const { secret } = optionsOf('razorpay', options, ['secret'])
  return describeProvider({
    name: 'razorpay',
    timeoutSeconds: 4,
    verifier: hmacSignature({ secret, signature: { header: 'x-razorpay-signature' } }),
    id: header('x-razorpay-event-id'),
    type: path('event'),
    recordId: input => path(`payload.${splitType(path('event')(input) ?? '').entity}.entity.id`)(input),
    time: path('created_at'),
  })
}
