import type { SecretInput } from '../model/secret.ts'
import { hmacSignature } from '../signatures/hmac-signature.ts'
import { describeProvider, path } from './describe.ts'
import type { Provider } from './provider.ts'
import { optionsOf } from './shared/options.ts'

/** Options of {@link stripe}. */
export interface StripeOptions {
  /** The endpoint's signing secret, with its `whsec_`, which is part of the key here. */
  readonly secret: SecretInput
  /** How far the signed time may lie from now, in seconds. Default 300, as the SDK has it. */
  readonly toleranceSeconds?: number
}

/** A Stripe event. */
export interface StripeNotification {
  readonly id: string
  readonly object: 'event'
  readonly type: string
  readonly api_version?: string | null
  /** Seconds since the epoch. */
  readonly created?: number
  readonly livemode?: boolean
  readonly data: {
    readonly object: Readonly<Record<string, unknown>>
    /** Old values of the changed fields of an update. */
    readonly previous_attributes?: Readonly<Record<string, unknown>>
  }
  readonly [field: string]: unknown
}

/**
 * Stripe.
 *
 * Proved by HMAC-SHA256 over time and body (`Stripe-Signature: t=…,v1=…`); `v0` is ignored, several `v1` stand there
 * while the secret changes. The id is the event's (`evt_…`), the same over retries, which are signed anew.
 *
 * @throws {WebhookError} `invalid_secret`.
 * @example
 * const provider = stripe({ secret: process.env.STRIPE_WEBHOOK_SECRET })
 * receiver.on('invoice.paid', ({ data }) => book(data.data.object))
 * @see Stripe documentation, "Receive Stripe events in your webhook endpoint".
 */
export function stripe(options: StripeOptions): Provider<Readonly<Record<string, StripeNotification>>> {
  const { secret, toleranceSeconds = 300 } = optionsOf('stripe', options, ['secret', 'toleranceSeconds'])
  return describeProvider({
    name: 'stripe',
    verifier: hmacSignature({
      secret,
      signature: { header: 'stripe-signature', list: { separator: ',', tagSeparator: '=', tag: 'v1' } },
      message: '{timestamp}.{body}',
      timestamp: { from: { tag: 't' }, toleranceSeconds },
    }),
    id: path('id'),
    type: path('type'),
    recordId: path('data.object.id'),
    time: path('created'),
  })
}
