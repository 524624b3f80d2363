import type { SecretInput } from '../model/secret.ts'
import { hmacSignature } from '../signatures/hmac-signature.ts'
import { afterEntity, canonicalType, describeProvider, header, path } from './describe.ts'
import type { Provider } from './provider.ts'
import { optionsOf } from './shared/options.ts'

/** Options of {@link chatwoot}. */
export interface ChatwootOptions {
  /** The webhook's secret (Settings → Integrations → Webhooks). Versions without one sign nothing. */
  readonly secret: SecretInput
  /** How far the signed time may lie from now, in seconds. Default 300. */
  readonly toleranceSeconds?: number
}

/** The body of a Chatwoot webhook: the record's fields beside these. */
export interface ChatwootNotification {
  readonly event: string
  readonly id?: number
  readonly account?: { readonly id: number; readonly name: string }
  readonly [field: string]: unknown
}

/**
 * Chatwoot, in versions that sign webhooks.
 *
 * Proved by HMAC-SHA256 over time and body (`X-Chatwoot-Signature: sha256=…`). The id is the header
 * `X-Chatwoot-Delivery`. `conversation_status_changed` becomes `conversation.status_changed`. No retry counter.
 *
 * @throws {WebhookError} `invalid_secret`.
 * @example const provider = chatwoot({ secret: process.env.CHATWOOT_WEBHOOK_SECRET })
 * @see Chatwoot user guide, "How to use webhooks".
 */
export function chatwoot(options: ChatwootOptions): Provider<Readonly<Record<string, ChatwootNotification>>> {
  const { secret, toleranceSeconds = 300 } = optionsOf('chatwoot', options, ['secret', 'toleranceSeconds'])
  return describeProvider({
    name: 'chatwoot',
    verifier: hmacSignature({
      secret,
      signature: { header: 'x-chatwoot-signature', prefix: 'sha256=' },
      message: '{timestamp}.{body}',
      timestamp: { from: { header: 'x-chatwoot-timestamp' }, toleranceSeconds },
    }),
    id: header('x-chatwoot-delivery'),
    type: path('event'),
    canonical: native => cutEntity(canonicalType(native)),
    recordId: path('id'),
  })
}

const cutEntity = afterEntity(['conversation', 'message', 'contact', 'inbox', 'webwidget'])
