import { decodeUtf8 } from '../bytes/encoding.ts'
import type { WebhookRequest, WebhookResponse } from '../model/http.ts'
import type { SecretInput } from '../model/secret.ts'
import { hmacSignature } from '../signatures/hmac-signature.ts'
import { describeProvider, header, type Lookup, path } from './describe.ts'
import type { Provider } from './provider.ts'
import { emptyAnswer } from './shared/answers.ts'
import { optionsOf } from './shared/options.ts'

/** Options of {@link woocommerce}. */
export interface WoocommerceOptions {
  /** The webhook's secret (WooCommerce → Settings → Advanced → Webhooks). */
  readonly secret: SecretInput
}

/**
 * WooCommerce.
 *
 * Proved by HMAC-SHA256 (base64) over the body, without a time. The type is the header `X-WC-Webhook-Topic`
 * (`order.created`). The header `X-WC-Webhook-Delivery-ID` may be the same for all deliveries of one second, so the id
 * is that and the SHA-256 of the body. When a webhook is saved, WooCommerce posts an unsigned `webhook_id=<number>` and
 * wants 200: that is answered. WooCommerce does not retry; after five failures it disables the webhook.
 *
 * @throws {WebhookError} `invalid_secret`.
 * @example
 * const provider = woocommerce({ secret: process.env.WC_WEBHOOK_SECRET })
 * receiver.on('order.created', ({ data }) => fulfil(data))
 * @see WooCommerce documentation, "Webhooks"; woocommerce/woocommerce, `class-wc-webhook.php`.
 */
export function woocommerce(options: WoocommerceOptions): Provider<Readonly<Record<string, Record<string, unknown>>>> {
  const { secret } = optionsOf('woocommerce', options, ['secret'])
  return describeProvider({
    name: 'woocommerce',
    verifier: hmacSignature({ secret, signature: { header: 'x-wc-webhook-signature' }, encoding: 'base64' }),
    unsignedChallenge: answerPing,
    id: deliveryId,
    idSource: 'composite',
    type: header('x-wc-webhook-topic'),
    recordId: path('id'),
  })
}

const deliveryId: Lookup = input => {
  const id = header('x-wc-webhook-delivery-id')(input)
  return id && `${id}:${input.bodyDigest()}`
}

/** Nothing is done and nothing told: the ping asks only whether somebody is there. */
function answerPing({ method, body }: WebhookRequest): WebhookResponse | undefined {
  const isPing = method === 'POST' && body.length < 32 && /^webhook_id=\d+$/.test(decodeUtf8(body) ?? '')
  return isPing ? emptyAnswer(200) : undefined
}
