import type { SecretInput } from '../model/secret.ts'
import { standardWebhooks } from '../signatures/standard-webhooks.ts'
import { describeProvider, header, path } from './describe.ts'
import type { Provider } from './provider.ts'
import { optionsOf } from './shared/options.ts'

/** Options of {@link standardWebhooksSender}: `secret`, `publicKey`, or both while a sender changes over. */
export interface StandardWebhooksSenderOptions {
  /** `whsec_` and base64, or base64 alone. */
  readonly secret?: SecretInput
  /** `whpk_` and base64, for senders that sign with ed25519. */
  readonly publicKey?: string | undefined
  /** Name of the sender, in lower case with hyphens. Default `standard-webhooks`. */
  readonly name?: string
  /** How far the signed time may lie from now, in seconds. Default 300. */
  readonly toleranceSeconds?: number
  /** Where the body names its type, as a dotted path. Default `type`. */
  readonly typePath?: string
}

/** The body that Standard Webhooks recommends. */
export interface StandardWebhooksNotification {
  readonly type: string
  /** ISO 8601. */
  readonly timestamp?: string
  readonly data?: Readonly<Record<string, unknown>>
  readonly [field: string]: unknown
}

/**
 * Any sender that follows Standard Webhooks: OpenAI, Supabase, Replicate, Render, Brex, Loops, incident.io, and others.
 *
 * Proved by HMAC-SHA256 or ed25519 over id, time and body. The id is the header `webhook-id`, the same over retries,
 * which are signed anew. No retry counter.
 *
 * @throws {WebhookError} `invalid_secret` or `invalid_option` when neither key is given or one is unreadable.
 * @example const provider = standardWebhooksSender({ name: 'openai', secret: process.env.OPENAI_WEBHOOK_SECRET })
 * @see https://github.com/standard-webhooks/standard-webhooks, "spec/standard-webhooks.md".
 */
export function standardWebhooksSender(
  options: StandardWebhooksSenderOptions,
): Provider<Readonly<Record<string, StandardWebhooksNotification>>> {
  const {
    secret,
    publicKey,
    name = 'standard-webhooks',
    toleranceSeconds = 300,
    typePath = 'type',
  } = optionsOf('standardWebhooksSender', options, ['secret', 'publicKey', 'name', 'toleranceSeconds', 'typePath'])
  return describeProvider({
    name,
    verifier: standardWebhooks({
      ...(secret !== undefined && { secret }),
      ...(publicKey !== undefined && { publicKey }),
      toleranceSeconds,
    }),
    id: header('webhook-id'),
    type: path(typePath),
    recordId: path('data.id'),
    time: path('timestamp'),
  })
}
