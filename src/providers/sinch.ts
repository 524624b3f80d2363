import type { SecretInput } from '../model/secret.ts'
import { hmacSignature } from '../signatures/hmac-signature.ts'
import { describeProvider, firstOf, join, type LookupInput, path, valueAt } from './describe.ts'
import type { Provider } from './provider.ts'
import type { OpenEvents } from './shared/open-events.ts'
import { optionsOf } from './shared/options.ts'

/** Options of {@link sinch}. */
export interface SinchOptions {
  /** The secret of the webhook in the Conversation API. */
  readonly secret: SecretInput
  /** How far the signed time may lie from now, in seconds. Default 300. */
  readonly toleranceSeconds?: number
}

/**
 * Sinch Conversation API.
 *
 * Proved by HMAC-SHA256 (base64) over `body.nonce.timestamp`, in `x-sinch-webhook-signature` and its companions. The
 * body has no type: the field that holds the event names it (`message` → `message.received`,
 * `message_delivery_report` → `message.delivery_reported`). `id` is the message's id, with its status for reports; for
 * other events the SHA-256 of the body. The nonce is no id: nothing says that a repetition keeps it.
 *
 * @throws {WebhookError} `invalid_secret`, `invalid_option`.
 * @example const provider = sinch({ secret: process.env.SINCH_WEBHOOK_SECRET })
 * @see Sinch developer documentation, "Conversation API", "Callbacks".
 */
export function sinch(options: SinchOptions): Provider<OpenEvents> {
  const { secret, toleranceSeconds = 300 } = optionsOf('sinch', options, ['secret', 'toleranceSeconds'])
  return describeProvider<OpenEvents>({
    name: 'sinch',
    verifier: hmacSignature({
      secret,
      signature: { header: 'x-sinch-webhook-signature' },
      encoding: 'base64',
      timestamp: { from: { header: 'x-sinch-webhook-signature-timestamp' }, toleranceSeconds },
      message: '{body}.{header:x-sinch-webhook-signature-nonce}.{timestamp}',
    }),
    id: firstOf(
      path('message.id'),
      join(':', path('message_delivery_report.message_id'), path('message_delivery_report.status')),
      path('event.id'),
    ),
    idSource: 'composite',
    type: nativeType,
    canonical: native => CANONICAL.get(native) ?? `${native}.received`,
    recordId: firstOf(
      path('message.id'),
      path('message_delivery_report.message_id'),
      path('conversation_start_notification.conversation.id'),
      path('conversation_stop_notification.conversation.id'),
      path('contact_create_notification.contact.id'),
      path('event.id'),
    ),
    time: firstOf(path('event_time'), path('accepted_time')),
  })
}

const CANONICAL: ReadonlyMap<string, string> = new Map([
  ['message', 'message.received'],
  ['message_delivery_report', 'message.delivery_reported'],
  ['message_submit_notification', 'message.submitted'],
  ['event', 'event.received'],
  ['event_delivery_report', 'event.delivery_reported'],
  ['conversation_start_notification', 'conversation.started'],
  ['conversation_stop_notification', 'conversation.stopped'],
  ['contact_create_notification', 'contact.created'],
  ['contact_delete_notification', 'contact.deleted'],
  ['contact_merge_notification', 'contact.merged'],
  ['duplicated_contact_identities_notification', 'contact.duplicated'],
  ['capability_notification', 'capability.checked'],
  ['opt_in_notification', 'contact.opted_in'],
  ['opt_out_notification', 'contact.opted_out'],
  ['unsupported_callback', 'unsupported.received'],
])

function nativeType({ item }: LookupInput): string | undefined {
  for (const native of CANONICAL.keys()) if (valueAt(item, native) !== undefined) return native
  if (typeof item !== 'object' || item === null) return undefined
  return Object.keys(item).find(key => key.endsWith('_notification'))
}
