import type { SecretInput } from '../model/secret.ts'
import { hmacSignature } from '../signatures/hmac-signature.ts'
import { describeProvider, firstOf, type Lookup, path, valueAt } from './describe.ts'
import type { Provider } from './provider.ts'
import { optionsOf } from './shared/options.ts'
import { integerText } from './viber/integer-text.ts'

/** Options of {@link viber}. */
export interface ViberOptions {
  /** The authentication token of the bot, all of it as text. */
  readonly authToken: SecretInput
}

/** A callback as sent. Integers beyond 2^53 are rounded here; the event's `recordId` has the exact message token. */
export type ViberCallback = Readonly<Record<string, unknown>>

/** Events of Viber. */
export type ViberEvents = {
  readonly 'message.received': ViberCallback
  readonly 'message.delivered': ViberCallback
  readonly 'message.seen': ViberCallback
  readonly 'message.failed': ViberCallback
  readonly 'conversation.started': ViberCallback
  readonly 'user.subscribed': ViberCallback
  readonly 'user.unsubscribed': ViberCallback
  readonly 'client.status_changed': ViberCallback
  readonly 'webhook.set': ViberCallback
}

/**
 * Viber bots.
 *
 * Proved by HMAC-SHA256 (hex) over the body in `X-Viber-Content-Signature`, without a time. Bodies hold integers of 19
 * digits: `id` and `recordId` take `message_token` from the text, so that it keeps all of them. `id` is event, message
 * token and user. A new conversation can be answered with `reply({...})`, the welcome message.
 *
 * @throws {WebhookError} `invalid_secret`.
 * @example
 * const provider = viber({ authToken: process.env.VIBER_AUTH_TOKEN })
 * receiver.on('message.received', ({ recordId, data }) => crm.addMessage(recordId, data['message']))
 * @see Viber REST bot API, "Callbacks".
 */
export function viber(options: ViberOptions): Provider<ViberEvents> {
  const { authToken } = optionsOf('viber', options, ['authToken'])
  return describeProvider<ViberEvents>({
    name: 'viber',
    verifier: hmacSignature({ secret: authToken, signature: { header: 'x-viber-content-signature' } }),
    id: eventId,
    idSource: 'composite',
    type: path('event'),
    types: TYPES,
    canonical: native => `${native}.received`,
    recordId: messageToken,
    time: path('timestamp'),
    expectsReply: item => valueAt(item, 'event') === 'conversation_started',
  })
}

const TYPES: Readonly<Record<string, keyof ViberEvents & string>> = {
  message: 'message.received',
  delivered: 'message.delivered',
  seen: 'message.seen',
  failed: 'message.failed',
  conversation_started: 'conversation.started',
  subscribed: 'user.subscribed',
  unsubscribed: 'user.unsubscribed',
  client_status: 'client.status_changed',
  webhook: 'webhook.set',
}

const messageToken: Lookup = ({ request }) => integerText(request.body, 'message_token')

const eventId: Lookup = input => {
  const token = messageToken(input)
  if (token === undefined) return undefined
  const user = firstOf(path('user_id'), path('sender.id'), path('user.id'))(input)
  return [path('event')(input), token, ...(user === undefined ? [] : [user])].join(':')
}
