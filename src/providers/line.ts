import type { SecretInput } from '../model/secret.ts'
import { hmacSignature } from '../signatures/hmac-signature.ts'
import { canonicalType, describeProvider, firstOf, type Lookup, path, valueAt } from './describe.ts'
import type { Provider } from './provider.ts'
import type { OpenEvents } from './shared/open-events.ts'
import { optionsOf } from './shared/options.ts'

/** Options of {@link line}. */
export interface LineOptions {
  /** The channel secret (LINE Developers console, "Basic settings"). */
  readonly channelSecret: SecretInput
}

/**
 * LINE Messaging API.
 *
 * Proved by HMAC-SHA256 (base64) over the body in `x-line-signature`, without a time. A request is split into its
 * `events`; the console's "Verify" button sends none. `id` is `webhookEventId`, which a redelivery keeps; a redelivery
 * has `attempt` 2 (LINE tells that it is one, not which).
 *
 * @throws {WebhookError} `invalid_secret`.
 * @example
 * const provider = line({ channelSecret: process.env.LINE_CHANNEL_SECRET })
 * receiver.on('message.received', ({ data }) => answer(data['replyToken'], data['message']))
 * @see LINE Developers, "Messaging API reference", "Webhooks".
 */
export function line(options: LineOptions): Provider<OpenEvents> {
  const { channelSecret } = optionsOf('line', options, ['channelSecret'])
  return describeProvider<OpenEvents>({
    name: 'line',
    verifier: hmacSignature({
      secret: channelSecret,
      signature: { header: 'x-line-signature' },
      encoding: 'base64',
    }),
    split: body => {
      const events = valueAt(body, 'events')
      return Array.isArray(events) ? (events as readonly unknown[]) : undefined
    },
    id: path('webhookEventId'),
    type: path('type'),
    canonical: native => TYPES.get(native) ?? canonicalType(native),
    recordId: firstOf(path('message.id'), path('unsend.messageId'), path('source.userId'), path('source.groupId')),
    time: path('timestamp'),
    attempt,
  })
}

const attempt: Lookup = input => {
  const redelivered = path('deliveryContext.isRedelivery')(input)
  return redelivered === undefined ? undefined : redelivered === 'true' ? '2' : '1'
}

const TYPES: ReadonlyMap<string, string> = new Map([
  ['message', 'message.received'],
  ['unsend', 'message.unsent'],
  ['follow', 'account.followed'],
  ['unfollow', 'account.unfollowed'],
  ['join', 'chat.joined'],
  ['leave', 'chat.left'],
  ['memberJoined', 'member.joined'],
  ['memberLeft', 'member.left'],
  ['postback', 'postback.received'],
  ['videoPlayComplete', 'video.completed'],
  ['beacon', 'beacon.received'],
  ['accountLink', 'account.linked'],
  ['membership', 'membership.changed'],
  ['delivery', 'message.delivered'],
])
