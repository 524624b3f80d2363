import { utf8 } from '../bytes/encoding.ts'
import { sha256Hex } from '../bytes/hash.ts'
import { isJsonObject } from '../bytes/json.ts'
import { canonicalType, describeProvider, type LookupInput, valueAt } from './describe.ts'
import { type MetaSecrets, metaSignature, metaSubscription } from './meta/subscription.ts'
import type { Provider } from './provider.ts'
import { optionsOf } from './shared/options.ts'

/** Options of {@link meta}. */
export type MetaOptions = MetaSecrets

/** One change of an entry, or one message of a conversation. */
export interface MetaEvent {
  /** `page`, `instagram`, `user`, `permissions`, `whatsapp_business_account`, … */
  readonly object: string
  /** Id of the page, account or user. */
  readonly entryId: string
  /** When Meta sent it, as it says: seconds or milliseconds since the epoch. */
  readonly entryTime: number | undefined
  /** `feed`, `leadgen`, `comments`, … or `messaging.message`, `messaging.postback`, … */
  readonly field: string
  /** The value of the change, or the whole of the message event. */
  readonly value: unknown
}

/** Types are as many as Meta has fields. */
export type MetaEvents = Readonly<Record<string, MetaEvent>>

/**
 * Meta: Messenger, Instagram, Lead Ads, page and user fields. For WhatsApp with typed messages see `whatsapp`.
 *
 * Proved by HMAC-SHA256 (hex) over the body in `X-Hub-Signature-256`, without a time. The registration is answered for
 * the right verify token, and with 403 for a wrong one.
 *
 * A request is split: every `entry[].changes[]` and `entry[].messaging[]` is one event. Types are `object.field`
 * (`page.leadgen`, `instagram.comments`), or for conversations `message.received`, `message.echoed`, `message.delivered`,
 * `message.read`, `postback.received` and so on. `id` is the id of lead or message, else entry, time, field and the
 * SHA-256 of the change.
 *
 * @throws {WebhookError} `invalid_secret`.
 * @example
 * const provider = meta({ appSecret: process.env.META_APP_SECRET, verifyToken: process.env.META_VERIFY_TOKEN })
 * receiver.on('page.leadgen', ({ recordId }) => fetchLead(recordId))
 * @see Meta for Developers, "Graph API Webhooks", "Getting started".
 */
export function meta(options: MetaOptions): Provider<MetaEvents> {
  const { appSecret, verifyToken } = optionsOf('meta', options, ['appSecret', 'verifyToken'])
  return describeProvider<MetaEvents>({
    name: 'meta',
    verifier: metaSignature(appSecret),
    unsignedChallenge: metaSubscription(verifyToken),
    split: splitEntries,
    id: eventId,
    idSource: 'composite',
    type: nativeType,
    canonical: native => CONVERSATION.get(native) ?? canonicalType(native),
    recordId: ({ item }) => recordIdOf(valueAt(item, 'value')),
    time: ({ item }) => text(valueAt(item, 'value.timestamp')) ?? text(valueAt(item, 'entryTime')),
  })
}

/** What an element of `messaging` can hold, and what it means. */
const MESSAGING = [
  'message',
  'delivery',
  'read',
  'postback',
  'reaction',
  'referral',
  'optin',
  'account_linking',
  'pass_thread_control',
  'take_thread_control',
  'request_thread_control',
  'message_edit',
] as const

const CONVERSATION: ReadonlyMap<string, string> = new Map([
  ['messaging.message', 'message.received'],
  ['messaging.message_echo', 'message.echoed'],
  ['messaging.message_edit', 'message.edited'],
  ['messaging.delivery', 'message.delivered'],
  ['messaging.read', 'message.read'],
  ['messaging.reaction', 'message.reacted'],
  ['messaging.postback', 'postback.received'],
  ['messaging.referral', 'referral.received'],
  ['messaging.optin', 'optin.received'],
  ['messaging.account_linking', 'account.linked'],
  ['messaging.pass_thread_control', 'thread_control.passed'],
  ['messaging.take_thread_control', 'thread_control.taken'],
  ['messaging.request_thread_control', 'thread_control.requested'],
])

function splitEntries(body: unknown): readonly MetaEvent[] | undefined {
  const object = valueAt(body, 'object')
  const entries = valueAt(body, 'entry')
  if (typeof object !== 'string' || !Array.isArray(entries)) return undefined
  const events: MetaEvent[] = []
  for (const entry of entries as readonly unknown[]) {
    const entryId = text(valueAt(entry, 'id'))
    if (entryId === undefined) return undefined
    const time = valueAt(entry, 'time')
    const common = { object, entryId, entryTime: typeof time === 'number' ? time : undefined }
    for (const change of listAt(entry, 'changes')) {
      const field = valueAt(change, 'field')
      if (typeof field !== 'string') return undefined
      events.push({ ...common, field, value: valueAt(change, 'value') })
    }
    // Instagram and Messenger put what a second app of the page may only read into `standby`.
    for (const item of [...listAt(entry, 'messaging'), ...listAt(entry, 'standby')]) {
      if (!isJsonObject(item)) return undefined
      events.push({ ...common, field: `messaging.${messagingKind(item)}`, value: item })
    }
  }
  return events
}

function messagingKind(item: Readonly<Record<string, unknown>>): string {
  if (valueAt(item, 'message.is_echo') === true) return 'message_echo'
  return MESSAGING.find(kind => Object.hasOwn(item, kind)) ?? 'event'
}

function nativeType({ item }: LookupInput): string | undefined {
  const field = text(valueAt(item, 'field'))
  if (field === undefined) return undefined
  return field.startsWith('messaging.') ? field : `${text(valueAt(item, 'object')) ?? ''}.${field}`
}

function eventId({ item }: LookupInput): string {
  const value = valueAt(item, 'value')
  const field = text(valueAt(item, 'field')) ?? ''
  const own = recordIdOf(value)
  if (own !== undefined && ONCE.has(field)) return `${field}:${own}`
  const digest = sha256Hex(utf8(JSON.stringify(value) ?? '')).slice(0, 32)
  return [valueAt(item, 'entryId'), valueAt(item, 'entryTime') ?? '', field, digest].join(':')
}

/** Fields of which a record has one event in its life. */
const ONCE: ReadonlySet<string> = new Set(['leadgen', 'messaging.message', 'messaging.message_echo'])

function recordIdOf(value: unknown): string | undefined {
  for (const key of ['leadgen_id', 'message.mid', 'postback.mid', 'reaction.mid', 'comment_id', 'post_id', 'id']) {
    const found = text(valueAt(value, key))
    if (found !== undefined) return found
  }
  return undefined
}

function listAt(entry: unknown, key: string): readonly unknown[] {
  const list = valueAt(entry, key)
  return Array.isArray(list) ? list : []
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined
}
