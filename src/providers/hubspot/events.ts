import type { RecordChange } from '../../model/record-change.ts'
import { valueAt } from '../describe.ts'

/** One element of a HubSpot batch, as sent. Which fields it has depends on `subscriptionType`. */
export interface HubspotNotification {
  readonly eventId?: number
  readonly subscriptionId?: number
  readonly portalId?: number
  readonly appId?: number
  /** Milliseconds since the epoch. */
  readonly occurredAt?: number
  /** There for every subscription; what a workflow sends has none. */
  readonly subscriptionType?: string
  /** From 0. */
  readonly attemptNumber?: number
  readonly objectId?: number
  /** For `object.*` subscriptions: `0-1` is a contact, `0-2` a company, `0-3` a deal, `0-5` a ticket. */
  readonly objectTypeId?: string
  readonly propertyName?: string
  readonly propertyValue?: string
  /** `CRM_UI`, `API`, `INTEGRATION`, `IMPORT`, `FORM`, … */
  readonly changeSource?: string
  readonly [field: string]: unknown
}

/** A HubSpot event as a record change, with the notification that it was made of. */
export interface HubspotChange extends RecordChange {
  readonly notification: HubspotNotification
}

const ENTITIES = ['contact', 'company', 'deal', 'ticket', 'product', 'line_item', 'object'] as const

type CrmType =
  `${(typeof ENTITIES)[number]}.${'created' | 'deleted' | 'updated' | 'merged' | 'restored' | 'association_changed'}`
type OtherType =
  | 'contact.privacy_deleted'
  | 'conversation.created'
  | 'conversation.deleted'
  | 'conversation.privacy_deleted'
  | 'conversation.updated'
  | 'conversation.message_created'
  | 'workflow.triggered'

/** Canonical types of HubSpot with their data. */
export type HubspotEvents = Readonly<Record<CrmType | OtherType, HubspotChange>>

/** Stands for the type that a workflow's request does not have. */
export const WORKFLOW = 'workflow.triggered'

/** HubSpot's subscription types by canonical type. */
export const HUBSPOT_TYPES: Readonly<Record<string, keyof HubspotEvents>> = {
  ...crmTypes(),
  'contact.privacyDeletion': 'contact.privacy_deleted',
  'conversation.creation': 'conversation.created',
  'conversation.deletion': 'conversation.deleted',
  'conversation.privacyDeletion': 'conversation.privacy_deleted',
  'conversation.propertyChange': 'conversation.updated',
  'conversation.newMessage': 'conversation.message_created',
  [WORKFLOW]: 'workflow.triggered',
}

function crmTypes(): Record<string, CrmType> {
  const types: Record<string, CrmType> = {}
  for (const entity of ENTITIES) {
    types[`${entity}.creation`] = `${entity}.created`
    types[`${entity}.deletion`] = `${entity}.deleted`
    types[`${entity}.propertyChange`] = `${entity}.updated`
    types[`${entity}.merge`] = `${entity}.merged`
    types[`${entity}.restore`] = `${entity}.restored`
    types[`${entity}.associationChange`] = `${entity}.association_changed`
  }
  return types
}

/** Reads one element of a batch as a record change. */
export function toHubspotChange(item: unknown): HubspotChange {
  const name = valueAt(item, 'propertyName')
  const value = valueAt(item, 'propertyValue')
  const source = valueAt(item, 'changeSource')
  const given = valueAt(item, 'mergedObjectIds')
  const merged: readonly unknown[] = Array.isArray(given) ? given : []
  const [mergedFrom, ...others] = merged
  const native = valueAt(item, 'subscriptionType')
  const changes = typeof name === 'string' ? Object.fromEntries([[name, { from: undefined, to: value }]]) : {}
  const isGone = typeof native === 'string' && /\.(?:deletion|privacyDeletion)$/.test(native)
  return {
    current: isGone ? null : typeof name === 'string' ? Object.fromEntries([[name, value]]) : {},
    previous: null,
    changes,
    bulk: source === 'IMPORT' || source === 'BATCH_UPDATE',
    changeSource: source === 'CRM_UI' ? 'app' : source === 'API' || source === 'INTEGRATION' ? 'api' : undefined,
    ...(isId(mergedFrom) && others.length === 0 && { mergedFrom: String(mergedFrom) }),
    notification: item as HubspotNotification,
  }
}

function isId(value: unknown): value is string | number {
  return typeof value === 'string' || typeof value === 'number'
}
