import { WebhookError } from '../errors.ts'
import { singleHeader, type WebhookRequest } from '../model/http.ts'
import { requireSecrets, type SecretInput } from '../model/secret.ts'
import { refuse, type Verifier } from '../model/verification.ts'
import { hmacSignature } from '../signatures/hmac-signature.ts'
import { standardWebhooks } from '../signatures/standard-webhooks.ts'
import { describeProvider, firstOf, header, path } from './describe.ts'
import type { Provider } from './provider.ts'
import { optionsOf } from './shared/options.ts'

/** Options of {@link openphone}: the key of the subscription, and both kinds while you change over. */
export interface OpenphoneOptions {
  /** Signing secret of a subscription made with API version 2026-03-30 or later: `whsec_` and base64. */
  readonly secret?: SecretInput
  /** Signing key of an older webhook: base64. */
  readonly legacySecret?: SecretInput
  /** How far the signed time may lie from now, in seconds. Default 300. */
  readonly toleranceSeconds?: number
}

/** The body of a Quo webhook. */
export interface OpenphoneNotification {
  readonly id?: string
  readonly object?: unknown
  readonly type: string
  /** ISO 8601. */
  readonly createdAt?: string
  readonly data?: { readonly object?: Readonly<Record<string, unknown>>; readonly [field: string]: unknown }
  readonly [field: string]: unknown
}

/**
 * Quo, formerly OpenPhone.
 *
 * Newer subscriptions are proved as Standard Webhooks says; older ones by HMAC-SHA256 over time (milliseconds) and body
 * in `openphone-signature: hmac;1;<time>;<base64>`. The configured keys say which is accepted. The id is the header
 * `webhook-id`, or of older ones the body's `id`. No retry counter.
 *
 * @throws {WebhookError} `invalid_option` when no key is given; `invalid_secret`.
 * @example
 * const provider = openphone({ secret: process.env.QUO_WEBHOOK_SECRET })
 * receiver.on('call.completed', ({ data }) => logCall(data))
 * @see Quo support, "Webhooks", and Quo API documentation.
 */
export function openphone(options: OpenphoneOptions): Provider<Readonly<Record<string, OpenphoneNotification>>> {
  const { legacySecret } = optionsOf('openphone', options, ['secret', 'legacySecret', 'toleranceSeconds'])
  return describeProvider({
    name: 'openphone',
    verifier: openphoneVerifier(options),
    // Beside an older signature the header would be anybody's word; so is an older signature that nobody asked for.
    id: input => {
      const isProvedByOlder = legacySecret !== undefined && isLegacy(input.request)
      return isProvedByOlder ? path('id')(input) : header('webhook-id')(input)
    },
    type: path('type'),
    recordId: firstOf(path('data.object.id'), path('data.id'), path('object.id')),
    time: firstOf(path('createdAt'), path('timestamp')),
  })
}

function isLegacy({ headers }: WebhookRequest): boolean {
  return singleHeader(headers, 'openphone-signature') !== undefined
}

function openphoneVerifier({ secret, legacySecret, toleranceSeconds = 300 }: OpenphoneOptions): Verifier {
  if (secret === undefined && legacySecret === undefined) {
    throw new WebhookError(
      'invalid_option',
      'openphone: give secret or legacySecret. Is the environment variable set?',
      {
        argument: 'secret',
      },
    )
  }
  const standard =
    secret === undefined ? undefined : standardWebhooks({ secret: requireSecrets('secret', secret), toleranceSeconds })
  const legacy =
    legacySecret === undefined
      ? undefined
      : hmacSignature({
          secret: requireSecrets('legacySecret', legacySecret),
          key: { decode: 'base64' },
          signature: {
            header: 'openphone-signature',
            fields: ['hmac', '1', 'timestamp', 'signature'],
            separator: ';',
            lists: ',',
          },
          encoding: 'base64',
          message: '{timestamp}.{body}',
          timestamp: { from: 'field', unit: 'ms', toleranceSeconds },
        })
  return {
    verify(request, context) {
      const scheme = isLegacy(request) ? (legacy ?? standard) : (standard ?? legacy)
      return scheme?.verify(request, context) ?? refuse('missing_header', 'the request carries no signature')
    },
    authenticate: (request, context) => (standard ?? legacy)?.authenticate?.(request, context) ?? request,
  }
}
