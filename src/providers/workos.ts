import type { SecretInput } from '../model/secret.ts'
import { hmacSignature } from '../signatures/hmac-signature.ts'
import { describeProvider, path } from './describe.ts'
import type { Provider } from './provider.ts'
import { optionsOf } from './shared/options.ts'

/** Options of {@link workos}. */
export interface WorkosOptions {
  /** The webhook endpoint's secret (Dashboard → Webhooks). */
  readonly secret: SecretInput
  /** How far the signed time may lie from now, in seconds. Default 180, as the SDK has it. */
  readonly toleranceSeconds?: number
}

/** The body of a WorkOS webhook. */
export interface WorkosNotification {
  readonly id: string
  readonly event: string
  readonly data: Readonly<Record<string, unknown>>
  /** ISO 8601. */
  readonly created_at?: string
  readonly [field: string]: unknown
}

/**
 * WorkOS.
 *
 * Proved by HMAC-SHA256 over time (milliseconds) and body (`WorkOS-Signature: t=…, v1=…`). The id is the body's `id`,
 * the type its `event`: `dsync.user.created`. No retry counter.
 *
 * @throws {WebhookError} `invalid_secret`.
 * @example const provider = workos({ secret: process.env.WORKOS_WEBHOOK_SECRET })
 * @see WorkOS documentation, "Webhooks".
 */
export function workos(options: WorkosOptions): Provider<Readonly<Record<string, WorkosNotification>>> {
  const { secret, toleranceSeconds = 180 } = optionsOf('workos', options, ['secret', 'toleranceSeconds'])
  return describeProvider({
    name: 'workos',
    verifier: hmacSignature({
      secret,
      signature: { header: 'workos-signature', list: { separator: ',', tagSeparator: '=', tag: 'v1' } },
      message: '{timestamp}.{body}',
      timestamp: { from: { tag: 't' }, unit: 'ms', toleranceSeconds },
    }),
    id: path('id'),
    type: path('event'),
    recordId: path('data.id'),
    time: path('created_at'),
  })
}
