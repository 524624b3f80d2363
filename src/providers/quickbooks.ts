import type { SecretInput } from '../model/secret.ts'
import { hmacSignature } from '../signatures/hmac-signature.ts'
import { canonicalType, describeProvider, firstOf, join, listAt, pastTense, path, valueAt } from './describe.ts'
import type { Provider } from './provider.ts'
import { optionsOf } from './shared/options.ts'

/** Options of {@link quickbooks}. */
export interface QuickbooksOptions {
  /** The app's webhook verifier token (developer portal → your app → Webhooks). */
  readonly secret: SecretInput
}

/** One changed record: a CloudEvent, or an entity of the older form with its `realmId`. The record is fetched. */
export interface QuickbooksNotification {
  /** CloudEvents: the event's id. Older form: the record's. */
  readonly id: string
  /** CloudEvents: `qbo.customer.created.v1`. */
  readonly type?: string
  readonly time?: string
  readonly intuitentityid?: string
  readonly intuitaccountid?: string
  /** Older form: `Customer`, `Create`, and the company. */
  readonly name?: string
  readonly operation?: string
  readonly lastUpdated?: string
  readonly realmId?: string
  readonly [field: string]: unknown
}

/**
 * QuickBooks Online, with bodies as CloudEvents and of the form before.
 *
 * Proved by HMAC-SHA256 (base64) over the body (`intuit-signature`), without a time. A request is a batch. The id is the
 * CloudEvent's; in the older form company, record, operation and time together. `qbo.customer.created.v1` and
 * `Customer` + `Create` both become `customer.created`.
 *
 * @throws {WebhookError} `invalid_secret`.
 * @example
 * const provider = quickbooks({ secret: process.env.INTUIT_VERIFIER_TOKEN })
 * receiver.on('invoice.*', ({ recordId }) => refetch(recordId))
 * @see Intuit developer documentation, "Webhooks", and the announcement "Upcoming change to webhooks payload structure".
 */
export function quickbooks(options: QuickbooksOptions): Provider<Readonly<Record<string, QuickbooksNotification>>> {
  const { secret } = optionsOf('quickbooks', options, ['secret'])
  return describeProvider({
    name: 'quickbooks',
    timeoutSeconds: 2,
    verifier: hmacSignature({ secret, signature: { header: 'intuit-signature' }, encoding: 'base64' }),
    split: changedRecords,
    id: firstOf(
      join(':', path('realmId'), path('name'), path('id'), path('operation'), path('lastUpdated')),
      path('id'),
    ),
    idSource: 'composite',
    type: firstOf(path('type'), join('.', path('name'), path('operation'))),
    canonical,
    recordId: firstOf(path('intuitentityid'), path('id')),
    time: firstOf(path('time'), path('lastUpdated')),
  })
}

function canonical(nativeType: string): string {
  return pastTense(canonicalType(nativeType.replace(/^qbo\.(.+)\.v\d+$/, '$1')))
}

function changedRecords(body: unknown): readonly unknown[] | undefined {
  return listAt('')(body) ?? listAt('eventNotifications')(body)?.flatMap(entitiesOf)
}

function entitiesOf(notification: unknown): readonly unknown[] {
  const realmId = valueAt(notification, 'realmId')
  const entities = listAt('dataChangeEvent.entities')(notification) ?? []
  return entities.map(entity => ({ ...(entity as object | null), realmId }))
}
