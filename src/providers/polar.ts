import type { SecretInput } from '../model/secret.ts'
import { standardWebhooks } from '../signatures/standard-webhooks.ts'
import { describeProvider, header, path } from './describe.ts'
import type { Provider } from './provider.ts'
import { optionsOf } from './shared/options.ts'

/** Options of {@link polar}. */
export interface PolarOptions {
  /** The endpoint's secret, used as text with everything in it: Polar does not decode it. */
  readonly secret: SecretInput
  /** How far the signed time may lie from now, in seconds. Default 300. */
  readonly toleranceSeconds?: number
}

/** The body of a Polar webhook. */
export interface PolarNotification {
  readonly type: string
  /** ISO 8601. */
  readonly timestamp?: string
  readonly data: Readonly<Record<string, unknown>>
}

/**
 * Polar.
 *
 * Proved as Standard Webhooks says, but with the characters of the secret as the key. The id is `webhook-id`, the same
 * over retries. No retry counter.
 *
 * @throws {WebhookError} `invalid_secret`.
 * @example const provider = polar({ secret: process.env.POLAR_WEBHOOK_SECRET })
 * @see Polar documentation, "Webhooks: handle & monitor deliveries"; polarsource, `@polar-sh/sdk/webhooks`.
 */
export function polar(options: PolarOptions): Provider<Readonly<Record<string, PolarNotification>>> {
  const { secret, toleranceSeconds = 300 } = optionsOf('polar', options, ['secret', 'toleranceSeconds'])
  return describeProvider({
    name: 'polar',
    verifier: standardWebhooks({ secret, key: { decode: 'utf8' }, toleranceSeconds }),
    id: header('webhook-id'),
    type: path('type'),
    recordId: path('data.id'),
    time: path('timestamp'),
  })
}
