import { bodyToken } from '../credentials/body-token.ts'
import type { SecretInput } from '../model/secret.ts'
import { canonicalType, describeProvider, join, pastTense, path, valueAt } from './describe.ts'
import type { Provider } from './provider.ts'
import { optionsOf } from './shared/options.ts'

/** Options of {@link zohoCrm}. */
export interface ZohoCrmOptions {
  /** The `token` that was chosen when notifications were enabled; Zoho repeats it in every body. */
  readonly token: SecretInput
}

/** One record of a notification. Zoho sends ids, not values. */
export interface ZohoCrmNotification {
  /** API name: `Leads`, `Deals`, a custom module's name. */
  readonly module: string
  readonly operation: string
  readonly id: string
  readonly channelId: string | undefined
  /** API names of the changed fields, where Zoho tells them. */
  readonly affectedFields: unknown
}

/**
 * Zoho CRM notifications.
 *
 * Proved only by a token inside the body: it is no signature, so keep the URL secret and use HTTPS. One request names
 * several records; each becomes an event. There is no delivery id: the SHA-256 of the body and the place of the record
 * are used. Types are `module.operation`: `Leads` + `insert` → `leads.created`. A channel lasts a week at most and has
 * to be renewed.
 *
 * @throws {WebhookError} `invalid_secret`.
 * @example
 * const provider = zohoCrm({ token: process.env.ZOHO_NOTIFICATION_TOKEN })
 * receiver.on('deals.updated', ({ recordId }) => refetch(recordId))
 * @see Zoho CRM API documentation, "Notification APIs".
 */
export function zohoCrm(options: ZohoCrmOptions): Provider<Readonly<Record<string, ZohoCrmNotification>>> {
  const { token } = optionsOf('zoho-crm', options, ['token'])
  return describeProvider({
    name: 'zoho-crm',
    verifier: bodyToken({ path: 'token', token }),
    split: records,
    type: join('.', path('module'), path('operation')),
    canonical: native => pastTense(canonicalType(native)),
    recordId: path('id'),
    time: ({ body }) => text(valueAt(body, 'server_time')),
  })
}

function records(body: unknown): readonly ZohoCrmNotification[] | undefined {
  const ids = valueAt(body, 'ids')
  const [module, operation] = [text(valueAt(body, 'module')), text(valueAt(body, 'operation'))]
  if (!Array.isArray(ids) || module === undefined || operation === undefined) return undefined
  return ids.map(id => ({
    module,
    operation,
    id: text(id) ?? '',
    channelId: text(valueAt(body, 'channel_id')),
    affectedFields: valueAt(body, 'affected_fields'),
  }))
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined
}
