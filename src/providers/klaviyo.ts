import type { SecretInput } from '../model/secret.ts'
import { hmacSignature } from '../signatures/hmac-signature.ts'
import { bodyPath, describeProvider, listAt, path } from './describe.ts'
import type { Provider } from './provider.ts'
import { optionsOf } from './shared/options.ts'

/** Options of {@link klaviyo}. */
export interface KlaviyoOptions {
  /** The webhook's secret key, given when it is created. */
  readonly secret: SecretInput
}

/** One element of `data`. */
export interface KlaviyoEvent {
  /** Id of the event. */
  readonly external_id: string
  /** `event:klaviyo.opened_email`. */
  readonly topic: string
  /** As the "Get Event" call answers it. */
  readonly payload: Readonly<Record<string, unknown>>
}

/**
 * Klaviyo system webhooks.
 *
 * Proved by HMAC-SHA256 over body and the header `Klaviyo-Timestamp`, whose form Klaviyo does not state, so it limits
 * nothing. A request is a batch; the id is `external_id`. `event:klaviyo.opened_email` becomes
 * `event.klaviyo.opened_email`.
 *
 * @throws {WebhookError} `invalid_secret`.
 * @example const provider = klaviyo({ secret: process.env.KLAVIYO_WEBHOOK_SECRET })
 * @see Klaviyo developer documentation, "Working with system webhooks".
 */
export function klaviyo(options: KlaviyoOptions): Provider<Readonly<Record<string, KlaviyoEvent>>> {
  const { secret } = optionsOf('klaviyo', options, ['secret'])
  return describeProvider({
    name: 'klaviyo',
    verifier: hmacSignature({
      secret,
      signature: { header: 'klaviyo-signature' },
      message: '{body}{header:klaviyo-timestamp}',
    }),
    split: listAt('data'),
    id: path('external_id'),
    type: path('topic'),
    recordId: path('external_id'),
    time: bodyPath('meta.timestamp'),
  })
}
