import type { SecretInput } from '../model/secret.ts'
import { hmacSignature } from '../signatures/hmac-signature.ts'
import { describeProvider, firstOf, join, path } from './describe.ts'
import type { Provider } from './provider.ts'
import { optionsOf } from './shared/options.ts'

/** Options of {@link recurly}. */
export interface RecurlyOptions {
  /** The webhook endpoint's secret key. */
  readonly secret: SecretInput
  /** How far the signed time may lie from now, in seconds. Default 300, as the client libraries have it. */
  readonly toleranceSeconds?: number
}

/** The body of a Recurly JSON webhook. It names the record; the record is fetched. */
export interface RecurlyNotification {
  readonly id: string
  readonly object_type: string
  readonly site_id?: string
  readonly event_type: string
  /** ISO 8601. */
  readonly event_time?: string
  readonly [field: string]: unknown
}

/**
 * Recurly JSON webhooks. (XML ones are not signed and not covered.)
 *
 * Proved by HMAC-SHA256 over time (milliseconds) and body (`recurly-signature: <time>,<hex>[,<hex>]`; two while the
 * secret changes). The body's `id` is that of the record, so the id is record, event and time together.
 *
 * @throws {WebhookError} `invalid_secret`.
 * @example const provider = recurly({ secret: process.env.RECURLY_WEBHOOK_SECRET })
 * @see Recurly documentation, "Signature verification".
 */
export function recurly(options: RecurlyOptions): Provider<Readonly<Record<string, RecurlyNotification>>> {
  const { secret, toleranceSeconds = 300 } = optionsOf('recurly', options, ['secret', 'toleranceSeconds'])
  return describeProvider({
    name: 'recurly',
    verifier: hmacSignature({
      secret,
      signature: {
        header: 'recurly-signature',
        fields: ['timestamp', 'signature'],
        separator: ',',
        repeat: true,
      },
      message: '{timestamp}.{body}',
      timestamp: { from: 'field', unit: 'ms', toleranceSeconds },
    }),
    id: join(':', path('object_type'), firstOf(path('id'), path('uuid')), path('event_type'), path('event_time')),
    idSource: 'composite',
    type: join('.', path('object_type'), path('event_type')),
    recordId: firstOf(path('id'), path('uuid')),
    time: path('event_time'),
  })
}
