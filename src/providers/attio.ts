import type { SecretInput } from '../model/secret.ts'
import { hmacSignature } from '../signatures/hmac-signature.ts'
import { describeProvider, firstOf, header, type Lookup, listAt, path } from './describe.ts'
import type { Provider } from './provider.ts'
import { optionsOf } from './shared/options.ts'

/** Options of {@link attio}. */
export interface AttioOptions {
  /** The webhook's `secret`, answered once when it is created. */
  readonly secret: SecretInput
}

/** One element of `events`. */
export interface AttioEvent {
  readonly event_type: string
  /** Ids of what it is about: `workspace_id`, `object_id`, `record_id`, `attribute_id`, `list_id`, `entry_id`, … */
  readonly id: Readonly<Record<string, string>>
  readonly actor?: { readonly type: string; readonly id: string | null }
  readonly [field: string]: unknown
}

/**
 * Attio CRM.
 *
 * Proved by HMAC-SHA256 over the body, without a time. A request is a batch (`events`). The id is the header
 * `Idempotency-Key`, with the place in the batch when there is more than one. Events carry ids, not values.
 *
 * @throws {WebhookError} `invalid_secret`.
 * @example
 * const provider = attio({ secret: process.env.ATTIO_WEBHOOK_SECRET })
 * receiver.on('record.updated', ({ recordId }) => refetch(recordId))
 * @see Attio developer documentation, "Webhooks".
 */
export function attio(options: AttioOptions): Provider<Readonly<Record<string, AttioEvent>>> {
  const { secret } = optionsOf('attio', options, ['secret'])
  return describeProvider({
    name: 'attio',
    verifier: hmacSignature({ secret, signature: { header: 'attio-signature' } }),
    split: eventsOf,
    id: deliveryId,
    type: path('event_type'),
    recordId: firstOf(
      path('id.comment_id'),
      path('id.entry_id'),
      path('id.note_id'),
      path('id.task_id'),
      path('id.record_id'),
      path('id.list_id'),
    ),
  })
}

const eventsOf = listAt('events')

const deliveryId: Lookup = input => {
  const key = header('idempotency-key')(input)
  const events = eventsOf(input.body) ?? []
  return key === undefined || events.length < 2 ? key : `${key}:${input.index}`
}
