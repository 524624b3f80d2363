import { WebhookError } from '../errors.ts'
import type { SecretInput } from '../model/secret.ts'
import { hmacSignature } from '../signatures/hmac-signature.ts'
import { describeProvider, header, path } from './describe.ts'
import type { Provider } from './provider.ts'
import { optionsOf } from './shared/options.ts'

/** Options of {@link square}. */
export interface SquareOptions {
  /** The subscription's signature key (Developer console → Webhooks → Subscriptions). */
  readonly secret: SecretInput
  /** The subscription's notification URL, exactly as it is configured: Square signs it. */
  readonly url: string
}

/** The body of a Square webhook. */
export interface SquareNotification {
  readonly merchant_id: string
  readonly type: string
  readonly event_id: string
  /** ISO 8601. */
  readonly created_at?: string
  readonly data: { readonly type: string; readonly id: string; readonly object?: Readonly<Record<string, unknown>> }
  readonly [field: string]: unknown
}

/**
 * Square.
 *
 * Proved by HMAC-SHA256 (base64) over notification URL and body, without a time. The id is `event_id`; the header
 * `square-retry-number` counts the retries.
 *
 * @throws {WebhookError} `invalid_secret`; `invalid_option` when the URL is missing.
 * @example const provider = square({ secret: process.env.SQUARE_SIGNATURE_KEY, url: 'https://example.com/webhooks/square' })
 * @see Square developer documentation, "Validate and test event notifications".
 */
export function square(options: SquareOptions): Provider<Readonly<Record<string, SquareNotification>>> {
  const { secret, url } = optionsOf('square', options, ['secret', 'url'])
  if (typeof url !== 'string' || url === '') {
    throw new WebhookError('invalid_option', 'square: url is missing: it is part of what Square signs', {
      argument: 'url',
    })
  }
  return describeProvider({
    name: 'square',
    timeoutSeconds: 8,
    verifier: hmacSignature({
      secret,
      signature: { header: 'x-square-hmacsha256-signature' },
      encoding: 'base64',
      message: '{url}{body}',
      url,
    }),
    id: path('event_id'),
    type: path('type'),
    recordId: path('data.id'),
    time: path('created_at'),
    attempt: header('square-retry-number'),
    firstAttempt: 0,
  })
}
