import { isJsonObject } from '../bytes/json.ts'
import { urlQuery, type WebhookRequest, type WebhookResponse } from '../model/http.ts'
import type { SecretInput } from '../model/secret.ts'
import { hmacSignature } from '../signatures/hmac-signature.ts'
import { describeProvider, firstOf, join, path, valueAt } from './describe.ts'
import type { Provider } from './provider.ts'
import { jsonAnswer } from './shared/answers.ts'
import { optionsOf } from './shared/options.ts'
import { singleParameter } from './shared/query.ts'

/** Options of {@link xTwitter}. */
export interface XTwitterOptions {
  /** The consumer secret of the app ("API secret key"). */
  readonly consumerSecret: SecretInput
}

/** One element of a list of the body. */
export interface XTwitterEvent {
  /** Whose account it is about. */
  readonly forUserId: string | undefined
  /** X's name of the list: `tweet_create_events`. */
  readonly kind: string
  readonly event: unknown
}

/** Types are as many as X has lists. */
export type XTwitterEvents = Readonly<Record<string, XTwitterEvent>>

/**
 * X (Twitter), Account Activity API.
 *
 * Proved by `x-twitter-webhooks-signature: sha256=<base64>`, an HMAC-SHA256 over the body, without a time.
 *
 * X checks the address with a GET that holds a `crc_token`, and wants the HMAC of it under the same secret, without
 * proving itself. What is answered could prove a body of that text, so only tokens of at most 128 letters, digits and
 * `_ - . = + /` are answered: none of them is a body that carries an event.
 *
 * A request is split into the elements of its lists (`tweet_create_events`, …). `id` is account (`for_user_id`), list
 * and id of the element, where it has one: X tells each account of a message that concerns two. Types: `tweet.created`, `direct_message.received`, `follow.created` and so on.
 *
 * @throws {WebhookError} `invalid_secret`.
 * @example
 * const provider = xTwitter({ consumerSecret: process.env.X_CONSUMER_SECRET })
 * receiver.on('direct_message.received', ({ data }) => crm.addMessage(data.event))
 * @see X developer documentation, "Securing webhooks".
 */
export function xTwitter(options: XTwitterOptions): Provider<XTwitterEvents> {
  const { consumerSecret } = optionsOf('x-twitter', options, ['consumerSecret'])
  const signature = { header: 'x-twitter-webhooks-signature', prefix: 'sha256=' }
  const scheme = hmacSignature({ secret: consumerSecret, signature, encoding: 'base64' })

  function answerCheck({ method, url }: WebhookRequest): WebhookResponse | undefined {
    if (method !== 'GET') return undefined
    const token = singleParameter(urlQuery(url), 'crc_token')
    if (token === undefined || !/^[A-Za-z0-9_.=+/-]{1,128}$/.test(token)) return undefined
    return jsonAnswer({ response_token: scheme.sign({ body: token })[signature.header] })
  }

  return describeProvider<XTwitterEvents>({
    name: 'x-twitter',
    verifier: scheme,
    unsignedChallenge: answerCheck,
    split: splitLists,
    id: firstOf(
      join(':', path('forUserId'), path('kind'), path('event.id_str')),
      join(':', path('forUserId'), path('kind'), path('event.id')),
      join(':', path('forUserId'), path('kind'), path('event.status.id'), path('event.status.user_id')),
    ),
    idSource: 'composite',
    type: path('kind'),
    canonical: native => TYPES.get(native) ?? native.replace(/_events?$/, '.received'),
    recordId: firstOf(path('event.id_str'), path('event.id'), path('event.status.id')),
    time: firstOf(path('event.created_timestamp'), path('event.timestamp_ms')),
  })
}

const TYPES: ReadonlyMap<string, string> = new Map([
  ['tweet_create_events', 'tweet.created'],
  ['tweet_delete_events', 'tweet.deleted'],
  ['favorite_events', 'favorite.created'],
  ['follow_events', 'follow.created'],
  ['unfollow_events', 'follow.deleted'],
  ['block_events', 'block.created'],
  ['unblock_events', 'block.deleted'],
  ['mute_events', 'mute.created'],
  ['unmute_events', 'mute.deleted'],
  ['direct_message_events', 'direct_message.received'],
  ['direct_message_indicate_typing_events', 'direct_message.typing'],
  ['direct_message_mark_read_events', 'direct_message.read'],
  ['user_event', 'user.revoked'],
])

function splitLists(body: unknown): readonly XTwitterEvent[] | undefined {
  if (!isJsonObject(body)) return undefined
  const userId = valueAt(body, 'for_user_id')
  const forUserId = typeof userId === 'string' ? userId : undefined
  const events: XTwitterEvent[] = []
  for (const [kind, list] of Object.entries(body)) {
    if (!/^[a-z_]{1,64}_events?$/.test(kind)) continue
    for (const event of Array.isArray(list) ? (list as readonly unknown[]) : [list])
      events.push({ forUserId, kind, event })
  }
  return events.length === 0 ? undefined : events
}
