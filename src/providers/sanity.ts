import type { SecretInput } from '../model/secret.ts'
import { hmacSignature } from '../signatures/hmac-signature.ts'
import { canonicalType, constant, describeProvider, firstOf, header, join, pastTense, path } from './describe.ts'
import type { Provider } from './provider.ts'
import { askAgain } from './shared/answers.ts'
import { optionsOf } from './shared/options.ts'

/** Options of {@link sanity}. */
export interface SanityOptions {
  /** The webhook's secret (project → API → Webhooks). */
  readonly secret: SecretInput
  /**
   * How far the signed time may lie from now, in seconds. Default 3600: Sanity names no number, tries again for half
   * an hour and does not say whether it signs anew.
   */
  readonly toleranceSeconds?: number
}

/**
 * Sanity GROQ-powered webhooks.
 *
 * Proved by HMAC-SHA256 over time (milliseconds) and body (`sanity-webhook-signature: t=…,v1=<base64url>`). The body
 * is your projection; with `_type` and `_id` in it, events are named after the document's type. The id is the header
 * `idempotency-key`, the operation the header `sanity-operation`; both are unsigned.
 *
 * @throws {WebhookError} `invalid_secret`.
 * @example
 * const provider = sanity({ secret: process.env.SANITY_WEBHOOK_SECRET })
 * receiver.on('post.updated', ({ recordId }) => revalidate(recordId))
 * @see Sanity documentation, "GROQ-powered webhooks"; sanity-io/webhook-toolkit.
 */
export function sanity(options: SanityOptions): Provider<Readonly<Record<string, Record<string, unknown>>>> {
  const { secret, toleranceSeconds = 3600 } = optionsOf('sanity', options, ['secret', 'toleranceSeconds'])
  return describeProvider({
    name: 'sanity',
    verifier: hmacSignature({
      secret,
      signature: { header: 'sanity-webhook-signature', list: { separator: ',', tagSeparator: '=', tag: 'v1' } },
      encoding: 'base64url',
      message: '{timestamp}.{body}',
      timestamp: { from: { tag: 't' }, unit: 'ms', toleranceSeconds },
    }),
    id: header('idempotency-key'),
    type: join(
      '.',
      firstOf(path('_type'), constant('document')),
      firstOf(header('sanity-operation'), constant('changed')),
    ),
    canonical: native => pastTense(canonicalType(native)),
    recordId: firstOf(path('_id'), header('sanity-document-id')),
    respond: askAgain,
  })
}
