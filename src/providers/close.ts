import type { RecordChange } from '../model/record-change.ts'
import type { SecretInput } from '../model/secret.ts'
import { hmacSignature } from '../signatures/hmac-signature.ts'
import { describeProvider, join, path, valueAt } from './describe.ts'
import type { Provider } from './provider.ts'
import { optionsOf } from './shared/options.ts'

/** Options of {@link close}. */
export interface CloseOptions {
  /** The subscription's `signature_key`, hex digits, shown when the webhook is created. */
  readonly secret: SecretInput
  /** How far the signed time may lie from now, in seconds. Default 300; Close names no number. */
  readonly toleranceSeconds?: number
}

/** Every Close event carries a record change; any `object.action` is possible. */
export type CloseEvents = Readonly<Record<string, RecordChange>>

/**
 * Close CRM.
 *
 * Proved by HMAC-SHA256 over time and body, keyed with the *decoded* hex key. The id is that of Close's event log
 * (`event.id`), the type `object_type.action`: `lead.created`, `activity.call.completed`. No retry counter.
 *
 * @throws {WebhookError} `invalid_secret` when the key is missing or not hex.
 * @example const provider = close({ secret: process.env.CLOSE_SIGNATURE_KEY })
 * @see Close API documentation, "Webhooks" and "Event Log".
 */
export function close(options: CloseOptions): Provider<CloseEvents> {
  const { secret, toleranceSeconds = 300 } = optionsOf('close', options, ['secret', 'toleranceSeconds'])
  return describeProvider<CloseEvents>({
    name: 'close',
    verifier: hmacSignature({
      secret,
      key: { decode: 'hex' },
      signature: { header: 'close-sig-hash' },
      message: '{timestamp}{body}',
      timestamp: { from: { header: 'close-sig-timestamp' }, toleranceSeconds },
    }),
    id: path('event.id'),
    type: join('.', path('event.object_type'), path('event.action')),
    recordId: path('event.object_id'),
    time: input => asUtc(path('event.date_created')(input)),
    data: item => toChange(valueAt(item, 'event')),
  })
}

/** Close writes times in UTC without saying so. */
function asUtc(text: string | undefined): string | undefined {
  return text !== undefined && /T[\d:.]+$/.test(text) ? `${text}Z` : text
}

function toChange(event: unknown): RecordChange {
  const action = valueAt(event, 'action')
  const current = record(valueAt(event, 'data'))
  const before = record(valueAt(event, 'previous_data'))
  const fields = valueAt(event, 'changed_fields')
  const changed = action === 'updated' ? (Array.isArray(fields) ? fields.filter(isText) : Object.keys(before)) : []
  const byApi = valueAt(event, 'api_key_id') ?? valueAt(event, 'oauth_client_id')
  return {
    current: action === 'deleted' ? null : current,
    previous: action === 'created' ? null : { ...current, ...before },
    changes: Object.fromEntries(
      changed.map(field => [field, { from: valueAt(before, field), to: valueAt(current, field) }]),
    ),
    bulk: false,
    changeSource: typeof byApi === 'string' ? 'api' : 'app',
  }
}

function isText(value: unknown): value is string {
  return typeof value === 'string'
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {}
}
