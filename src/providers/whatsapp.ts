import { utf8 } from '../bytes/encoding.ts'
import { sha256Hex } from '../bytes/hash.ts'
import { isJsonObject } from '../bytes/json.ts'
import { describeProvider, path, valueAt } from './describe.ts'
import { type MetaSecrets, metaSignature, metaSubscription } from './meta/subscription.ts'
import type { Provider } from './provider.ts'
import { optionsOf } from './shared/options.ts'
import type { WhatsappEvents } from './whatsapp/types.ts'

export type * from './whatsapp/types.ts'

/** Options of {@link whatsapp}. */
export type WhatsappOptions = MetaSecrets

/**
 * WhatsApp Business Platform (Cloud API).
 *
 * Proved by HMAC-SHA256 (hex) over the body in `X-Hub-Signature-256`, without a time. The registration is answered for
 * the right verify token, and with 403 for a wrong one.
 *
 * A request is split: every message, every status and every other change is one event. `id` is the message's id
 * (`wamid…`), for statuses with the status behind it, for other changes account, time, field and the SHA-256 of the
 * value. Meta tries again for days, and may send statuses out of order.
 *
 * @throws {WebhookError} `invalid_secret`.
 * @example
 * const provider = whatsapp({ appSecret: process.env.META_APP_SECRET, verifyToken: process.env.META_VERIFY_TOKEN })
 * receiver.on('message.received', ({ data }) => crm.addMessage(data.message.from, data.message.text?.body))
 * @see Meta for Developers, "WhatsApp Business Platform", "Webhooks".
 */
export function whatsapp(options: WhatsappOptions): Provider<WhatsappEvents> {
  const { appSecret, verifyToken } = optionsOf('whatsapp', options, ['appSecret', 'verifyToken'])
  return describeProvider<WhatsappEvents>({
    name: 'whatsapp',
    verifier: metaSignature(appSecret),
    unsignedChallenge: metaSubscription(verifyToken),
    split: splitChanges,
    id: path('id'),
    idSource: 'composite',
    type: path('nativeType'),
    types: TYPES,
    canonical: native => (native.includes('.') ? native : `${native}.changed`),
    recordId: path('recordId'),
    time: path('time'),
    data: item => valueAt(item, 'data'),
  })
}

const TYPES: Readonly<Record<string, keyof WhatsappEvents & string>> = {
  message: 'message.received',
  'status.sent': 'message.sent',
  'status.delivered': 'message.delivered',
  'status.read': 'message.read',
  'status.failed': 'message.failed',
  message_template_status_update: 'template.status_updated',
  message_template_quality_update: 'template.quality_updated',
  template_category_update: 'template.category_updated',
  account_update: 'account.updated',
  account_review_update: 'account.review_updated',
  account_alerts: 'account.alerted',
  phone_number_quality_update: 'phone_number.quality_updated',
  phone_number_name_update: 'phone_number.name_updated',
}

/** One event, ready to be read. */
interface Part {
  readonly id: string
  readonly nativeType: string
  readonly recordId: string | undefined
  readonly time: string | undefined
  readonly data: unknown
}

function splitChanges(body: unknown): readonly Part[] | undefined {
  const entries = valueAt(body, 'entry')
  if (valueAt(body, 'object') !== 'whatsapp_business_account' || !Array.isArray(entries)) return undefined
  const parts: Part[] = []
  for (const entry of entries as readonly unknown[]) {
    const changes = valueAt(entry, 'changes')
    const accountId = text(valueAt(entry, 'id'))
    if (!Array.isArray(changes) || accountId === undefined) return undefined
    for (const change of changes as readonly unknown[]) {
      const field = valueAt(change, 'field')
      const value = valueAt(change, 'value')
      if (typeof field !== 'string' || !isJsonObject(value)) return undefined
      const found = field === 'messages' ? messagesOf(value, accountId) : undefined
      if (found !== undefined && !found.every(part => part !== undefined)) return undefined
      if (found !== undefined && found.length > 0) parts.push(...found)
      else parts.push(otherChange(field, value, accountId, text(valueAt(entry, 'time'))))
    }
  }
  return parts
}

type Value = Readonly<Record<string, unknown>>

/** Messages and statuses of a change; an `undefined` stands for one that is not of the documented shape. */
function messagesOf(value: Value, businessAccountId: string): readonly (Part | undefined)[] {
  const { metadata, contacts, messages, statuses } = value
  if (!isJsonObject(metadata)) return [undefined]
  const common = { businessAccountId, metadata }
  return [
    ...listOf(messages).map(message => {
      const [id, from] = [valueAt(message, 'id'), valueAt(message, 'from')]
      if (typeof id !== 'string' || id === '' || typeof from !== 'string') return undefined
      const contact = listOf(contacts).find(one => valueAt(one, 'wa_id') === from) ?? listOf(contacts)[0]
      const data = { ...common, contact, message }
      return { id, nativeType: 'message', recordId: id, time: text(valueAt(message, 'timestamp')), data }
    }),
    ...listOf(statuses).map(status => {
      const [id, name] = [valueAt(status, 'id'), valueAt(status, 'status')]
      if (typeof id !== 'string' || id === '' || typeof name !== 'string') return undefined
      const data = { ...common, status }
      const time = text(valueAt(status, 'timestamp'))
      return { id: `${id}:${name}`, nativeType: `status.${name}`, recordId: id, time, data }
    }),
  ]
}

function otherChange(field: string, value: Value, businessAccountId: string, time: string | undefined): Part {
  const digest = sha256Hex(utf8(JSON.stringify(value))).slice(0, 32)
  const id = [businessAccountId, time ?? '', field, digest].join(':')
  return { id, nativeType: field, recordId: recordIdOf(value), time, data: { businessAccountId, field, value } }
}

function recordIdOf(value: Value): string | undefined {
  return text(value.message_template_id) ?? text(value.display_phone_number)
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined
}
