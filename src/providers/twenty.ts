import type { RecordChange } from '../model/record-change.ts'
import type { SecretInput } from '../model/secret.ts'
import { hmacSignature } from '../signatures/hmac-signature.ts'
import { describeProvider, path, valueAt } from './describe.ts'
import type { Provider } from './provider.ts'
import { optionsOf } from './shared/options.ts'

/** Options of {@link twenty}. */
export interface TwentyOptions {
  /** The webhook's secret (Settings → APIs & Webhooks). Without one Twenty signs nothing. */
  readonly secret: SecretInput
  /** How far the signed time may lie from now, in seconds. Default 300. */
  readonly toleranceSeconds?: number
}

/** Every Twenty event carries a record change; custom objects make any `object.action` possible. */
export type TwentyEvents = Readonly<Record<string, RecordChange>>

/**
 * Twenty CRM.
 *
 * Proved by HMAC-SHA256 over time (milliseconds) and body. Twenty tries once and gives no delivery id: the header
 * `X-Twenty-Webhook-Nonce` is new every time and not used. The id is the SHA-256 of the body. Of an update it names
 * the changed fields (`updatedFields`), not their old values: `from` is `undefined`.
 *
 * @throws {WebhookError} `invalid_secret`.
 * @example
 * const provider = twenty({ secret: process.env.TWENTY_WEBHOOK_SECRET })
 * receiver.on('person.created', ({ data }) => sync(data.current))
 * @see Twenty documentation, "Webhooks"; twentyhq/twenty, `CallWebhookJob`.
 */
export function twenty(options: TwentyOptions): Provider<TwentyEvents> {
  const { secret, toleranceSeconds = 300 } = optionsOf('twenty', options, ['secret', 'toleranceSeconds'])
  return describeProvider<TwentyEvents>({
    name: 'twenty',
    verifier: hmacSignature({
      secret,
      signature: { header: 'x-twenty-webhook-signature' },
      message: '{timestamp}:{body}',
      timestamp: { from: { header: 'x-twenty-webhook-timestamp' }, unit: 'ms', toleranceSeconds },
    }),
    type: path('eventName'),
    recordId: path('record.id'),
    time: path('eventDate'),
    data: toChange,
  })
}

function toChange(body: unknown): RecordChange {
  const value = valueAt(body, 'record')
  const record = typeof value === 'object' && value !== null ? { ...value } : {}
  const fields = valueAt(body, 'updatedFields')
  const isGone = /\.(?:deleted|destroyed)$/.test(String(valueAt(body, 'eventName')))
  return {
    current: isGone ? null : record,
    previous: isGone ? record : null,
    changes: Object.fromEntries(
      Array.isArray(fields)
        ? fields
            .filter(field => typeof field === 'string')
            .map(field => [field, { from: undefined, to: valueAt(record, field) }])
        : [],
    ),
    bulk: false,
    changeSource: undefined,
  }
}
