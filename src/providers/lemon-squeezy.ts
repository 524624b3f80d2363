import type { SecretInput } from '../model/secret.ts'
import { hmacSignature } from '../signatures/hmac-signature.ts'
import { afterEntity, canonicalType, describeProvider, path } from './describe.ts'
import type { Provider } from './provider.ts'
import { optionsOf } from './shared/options.ts'

/** Options of {@link lemonSqueezy}. */
export interface LemonSqueezyOptions {
  /** The signing secret that you chose for the webhook (Settings → Webhooks). */
  readonly secret: SecretInput
}

/** The body of a Lemon Squeezy webhook: JSON:API, with the event in `meta`. */
export interface LemonSqueezyNotification {
  readonly meta: { readonly event_name: string; readonly custom_data?: Readonly<Record<string, unknown>> }
  readonly data: {
    readonly type: string
    readonly id: string
    readonly attributes: Readonly<Record<string, unknown>>
    readonly [field: string]: unknown
  }
}

/**
 * Lemon Squeezy.
 *
 * Proved by HMAC-SHA256 over the body (`X-Signature`), without a time. The type is `meta.event_name`, which is signed
 * where the header `X-Event-Name` is not: `order_created` becomes `order.created`. There is no delivery id: the
 * SHA-256 of the body is used.
 *
 * @throws {WebhookError} `invalid_secret`.
 * @example const provider = lemonSqueezy({ secret: process.env.LEMONSQUEEZY_WEBHOOK_SECRET })
 * @see Lemon Squeezy documentation, "Signing requests" and "Webhook requests".
 */
export function lemonSqueezy(
  options: LemonSqueezyOptions,
): Provider<Readonly<Record<string, LemonSqueezyNotification>>> {
  const { secret } = optionsOf('lemon-squeezy', options, ['secret'])
  return describeProvider({
    name: 'lemon-squeezy',
    verifier: hmacSignature({ secret, signature: { header: 'x-signature' } }),
    type: path('meta.event_name'),
    canonical: native => cutEntity(canonicalType(native)),
    recordId: path('data.id'),
  })
}

const cutEntity = afterEntity(['order', 'subscription', 'subscription_payment', 'license_key', 'affiliate', 'customer'])
