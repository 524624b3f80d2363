import { type BasicCredentials, basicAuth } from '../credentials/basic-auth.ts'
import { afterEntity, canonicalType, describeProvider, path, splitType } from './describe.ts'
import type { Provider } from './provider.ts'
import { optionsOf } from './shared/options.ts'

/** Options of {@link chargebee}. */
export interface ChargebeeOptions {
  /** The user name and password set on the webhook (Settings → Configure Chargebee → Webhooks). */
  readonly basicAuth: BasicCredentials
}

/** A Chargebee event. */
export interface ChargebeeNotification {
  readonly id: string
  readonly event_type: string
  /** Seconds since the epoch. */
  readonly occurred_at?: number
  readonly source?: string
  readonly api_version?: string
  /** The records by name. */
  readonly content: Readonly<Record<string, Readonly<Record<string, unknown>>>>
  readonly [field: string]: unknown
}

/**
 * Chargebee.
 *
 * Not signed: Basic credentials prove the caller only. The id is the event's (`ev_…`), the same over retries.
 * `subscription_created` becomes `subscription.created`.
 *
 * @throws {WebhookError} `invalid_secret`; `invalid_option` when the user name is missing.
 * @example const provider = chargebee({ basicAuth: { username: 'chargebee', password: process.env.CHARGEBEE_PASSWORD } })
 * @see Chargebee documentation, "Webhook settings" and API reference, "Events".
 */
export function chargebee(options: ChargebeeOptions): Provider<Readonly<Record<string, ChargebeeNotification>>> {
  const { basicAuth: credentials } = optionsOf('chargebee', options, ['basicAuth'])
  return describeProvider({
    name: 'chargebee',
    verifier: basicAuth(credentials),
    id: path('id'),
    type: path('event_type'),
    canonical,
    recordId: input => path(`content.${splitType(canonical(path('event_type')(input) ?? '')).entity}.id`)(input),
    time: path('occurred_at'),
  })
}

function canonical(nativeType: string): string {
  return cutEntity(canonicalType(nativeType))
}

const cutEntity = afterEntity([
  'subscription',
  'customer',
  'invoice',
  'credit_note',
  'payment',
  'payment_source',
  'payment_intent',
  'transaction',
  'card',
  'coupon',
  'plan',
  'addon',
  'item',
  'item_family',
  'item_price',
  'attached_item',
  'quote',
  'order',
  'gift',
  'hierarchy',
  'unbilled_charges',
  'promotional_credits',
  'virtual_bank_account',
  'feature',
])
