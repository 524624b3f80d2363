import { requireSecrets, type SecretInput } from '../model/secret.ts'
import { hmacSignature } from '../signatures/hmac-signature.ts'
import { describeProvider, firstOf, header, path, valueAt } from './describe.ts'
import type { Provider } from './provider.ts'
import { optionsOf } from './shared/options.ts'

/** Options of {@link askproCallbacks}. */
export interface AskproCallbacksOptions {
  /** The webhook configuration's secret (`whsec_…`); all of its characters are the key. */
  readonly secret: SecretInput
}

/** A request to be called back. AskPro does not document its fields. */
export type AskproCallback = Readonly<Record<string, unknown>>

/** Everything that AskPro sends about callbacks. */
export type AskproCallbacksEvents = {
  readonly 'callback.created': AskproCallback
  readonly 'callback.assigned': AskproCallback
  readonly 'callback.contacted': AskproCallback
  readonly 'callback.completed': AskproCallback
  readonly 'callback.cancelled': AskproCallback
  readonly 'callback.expired': AskproCallback
  readonly 'callback.overdue': AskproCallback
  readonly 'callback.escalated': AskproCallback
  readonly 'callback.test': AskproCallback
}

const types = {
  'callback.created': 'callback.created',
  'callback.assigned': 'callback.assigned',
  'callback.contacted': 'callback.contacted',
  'callback.completed': 'callback.completed',
  'callback.cancelled': 'callback.cancelled',
  'callback.expired': 'callback.expired',
  'callback.overdue': 'callback.overdue',
  'callback.escalated': 'callback.escalated',
  'callback.test': 'callback.test',
} as const satisfies { readonly [Type in keyof AskproCallbacksEvents]: Type }

/**
 * AskPro API Gateway, callback webhooks: requests of callers to be called back.
 *
 * Proof: `X-Webhook-Signature`, the bare hex HMAC-SHA256 of the body. `id` is the idempotency key in the body
 * (also in `X-Webhook-Idempotency-Key`): the same on each try, another after each change. The attempt comes from
 * `X-Webhook-Delivery-Attempt`. AskPro waits 10 seconds and tries three times, a minute apart.
 *
 * Source: AskPro API Gateway, outgoing callback webhooks (`DeliverWebhookJob`).
 *
 * @throws {WebhookError} `invalid_secret` for a missing or empty secret.
 * @example
 * const receiver = createReceiver({ provider: askproCallbacks({ secret }) })
 * receiver.on('callback.overdue', ({ data }) => alertTeam(data))
 */
export function askproCallbacks(options: AskproCallbacksOptions): Provider<AskproCallbacksEvents> {
  optionsOf('askpro-callbacks', options, ['secret'])
  return describeProvider<AskproCallbacksEvents>({
    name: 'askpro-callbacks',
    verifier: hmacSignature({
      secret: requireSecrets('secret', options.secret),
      signature: { header: 'x-webhook-signature' },
    }),
    id: firstOf(path('idempotency_key'), header('x-webhook-idempotency-key')),
    type: path('event'),
    types,
    time: path('timestamp'),
    attempt: header('x-webhook-delivery-attempt'),
    recordId: path('data.id'),
    data: body => valueAt(body, 'data'),
    timeoutSeconds: 9,
  })
}
