import type { SecretInput } from '../model/secret.ts'
import { hmacSignature } from '../signatures/hmac-signature.ts'
import { describeProvider, firstOf, header, path } from './describe.ts'
import type { Provider } from './provider.ts'
import { optionsOf } from './shared/options.ts'

/** Options of {@link box}. */
export interface BoxOptions {
  /** The app's primary and secondary signature key (developer console → Webhooks → Manage signature keys). */
  readonly secret: SecretInput
  /** How far the signed time may lie from now, in seconds. Default 600, as Box asks. */
  readonly toleranceSeconds?: number
}

/** The body of a Box V2 webhook. */
export interface BoxNotification {
  readonly type: 'webhook_event'
  readonly id?: string
  readonly trigger: string
  /** ISO 8601. */
  readonly created_at?: string
  readonly webhook?: Readonly<Record<string, unknown>>
  readonly source?: Readonly<Record<string, unknown>>
  readonly [field: string]: unknown
}

/**
 * Box V2 webhooks.
 *
 * Proved by HMAC-SHA256 (base64) over body and time (ISO 8601); each of the two keys has a header of its own, and any
 * match counts. The id is the body's `id`, which is signed, or else the header `box-delivery-id`. `FILE.UPLOADED`
 * becomes `file.uploaded`. No retry counter.
 *
 * @throws {WebhookError} `invalid_secret`.
 * @example const provider = box({ secret: [process.env.BOX_PRIMARY_KEY, process.env.BOX_SECONDARY_KEY] })
 * @see Box developer documentation, "Signature verification" and "V2 webhooks".
 */
export function box(options: BoxOptions): Provider<Readonly<Record<string, BoxNotification>>> {
  const { secret, toleranceSeconds = 600 } = optionsOf('box', options, ['secret', 'toleranceSeconds'])
  return describeProvider({
    name: 'box',
    verifier: hmacSignature({
      secret,
      signature: { header: ['box-signature-primary', 'box-signature-secondary'] },
      encoding: 'base64',
      message: '{body}{timestamp}',
      timestamp: { from: { header: 'box-delivery-timestamp' }, unit: 'iso', toleranceSeconds },
    }),
    id: firstOf(path('id'), header('box-delivery-id')),
    type: path('trigger'),
    recordId: path('source.id'),
    time: path('created_at'),
  })
}
