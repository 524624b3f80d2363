import { isJsonObject, parseJson } from '../bytes/json.ts'
import type { WebhookRequest, WebhookResponse } from '../model/http.ts'
import type { SecretInput } from '../model/secret.ts'
import { jwtSignature } from '../signatures/jwt-signature.ts'
import { canonicalType, describeProvider, firstOf, path } from './describe.ts'
import type { Provider } from './provider.ts'
import { isPlainToken, jsonAnswer } from './shared/answers.ts'
import type { OpenEvents } from './shared/open-events.ts'
import { optionsOf } from './shared/options.ts'

/** Options of {@link monday}. */
export interface MondayOptions {
  /** The signing secret of the app (developer section, "Basic information"). */
  readonly secret: SecretInput
}

/**
 * monday.com webhooks of an app.
 *
 * Proved by a JWT in `Authorization` (HS256) that expires. It does not cover the body: whoever sees one token can send
 * other bodies until it expires, so use HTTPS and keep the URL secret. Webhooks that were added on a board by hand
 * carry no proof and are refused; receive those with a provider of your own and `unverified()`.
 *
 * The challenge of the registration is answered. `id` is `event.triggerUuid`. Types: `item.created`,
 * `column_value.updated`, `update.created` and so on; `data` is the `event` object.
 *
 * @throws {WebhookError} `invalid_secret`.
 * @example
 * const provider = monday({ secret: process.env.MONDAY_SIGNING_SECRET })
 * receiver.on('column_value.updated', ({ recordId, data }) => sync(recordId, data['value']))
 * @see monday.com developer documentation, "Webhooks".
 */
export function monday(options: MondayOptions): Provider<OpenEvents> {
  const { secret } = optionsOf('monday', options, ['secret'])
  return describeProvider<OpenEvents>({
    name: 'monday',
    verifier: jwtSignature({ secret, from: { header: 'authorization' }, requireExpiry: true }),
    id: path('event.triggerUuid'),
    type: path('event.type'),
    canonical: native => TYPES.get(native) ?? canonicalType(native),
    recordId: firstOf(path('event.pulseId'), path('event.itemId'), path('event.boardId')),
    time: path('event.triggerTime'),
    data: item => (isJsonObject(item) ? item.event : undefined),
    unsignedChallenge: answerChallenge,
  })
}

/** An item is also called pulse; the same event has both names. */
const TYPES: ReadonlyMap<string, string> = new Map([
  ['create_pulse', 'item.created'],
  ['create_item', 'item.created'],
  ['update_name', 'item.renamed'],
  ['delete_pulse', 'item.deleted'],
  ['item_deleted', 'item.deleted'],
  ['archive_pulse', 'item.archived'],
  ['item_archived', 'item.archived'],
  ['item_restored', 'item.restored'],
  ['move_pulse_into_group', 'item.moved'],
  ['move_pulse_into_board', 'item.moved'],
  ['update_column_value', 'column_value.updated'],
  ['change_column_value', 'column_value.updated'],
  ['create_column', 'column.created'],
  ['create_update', 'update.created'],
  ['edit_update', 'update.edited'],
  ['delete_update', 'update.deleted'],
  ['create_subitem', 'subitem.created'],
  ['change_subitem_column_value', 'subitem_column_value.updated'],
  ['create_subitem_update', 'subitem_update.created'],
])

function answerChallenge({ method, body }: WebhookRequest): WebhookResponse | undefined {
  if (method !== 'POST' || body.length > 1024) return undefined
  const json = parseJson(body)
  if (!json.ok || !isJsonObject(json.value) || Object.keys(json.value).length !== 1) return undefined
  const { challenge } = json.value
  return typeof challenge === 'string' && isPlainToken(challenge) ? jsonAnswer({ challenge }) : undefined
}
