import type { SecretInput } from '../model/secret.ts'
import { standardWebhooks } from '../signatures/standard-webhooks.ts'
import { describeProvider, firstOf, header, path } from './describe.ts'
import type { Provider } from './provider.ts'
import { optionsOf } from './shared/options.ts'

/** Options of {@link clerk}. */
export interface ClerkOptions {
  /** The endpoint's signing secret (Dashboard → Webhooks): `whsec_` and base64. */
  readonly secret: SecretInput
  /** How far the signed time may lie from now, in seconds. Default 300. */
  readonly toleranceSeconds?: number
}

/** The body of a Clerk webhook. */
export interface ClerkNotification {
  readonly type: string
  readonly object: 'event'
  readonly data: Readonly<Record<string, unknown>>
  /** Milliseconds since the epoch. */
  readonly timestamp?: number
  readonly [field: string]: unknown
}

/**
 * Clerk.
 *
 * Proved as Standard Webhooks says, in `svix-…` headers. The id is `svix-id`, the same over retries. No retry counter.
 *
 * @throws {WebhookError} `invalid_secret`.
 * @example
 * const provider = clerk({ secret: process.env.CLERK_WEBHOOK_SIGNING_SECRET })
 * receiver.on('user.created', ({ data }) => addUser(data.data))
 * @see Clerk documentation, "Sync Clerk data to your app with webhooks".
 */
export function clerk(options: ClerkOptions): Provider<Readonly<Record<string, ClerkNotification>>> {
  const { secret, toleranceSeconds = 300 } = optionsOf('clerk', options, ['secret', 'toleranceSeconds'])
  return describeProvider({
    name: 'clerk',
    verifier: standardWebhooks({ secret, headerPrefix: 'svix', toleranceSeconds }),
    id: firstOf(header('svix-id'), header('webhook-id')),
    type: path('type'),
    recordId: path('data.id'),
    time: path('timestamp'),
  })
}
