import type { SecretInput } from '../model/secret.ts'
import { hmacSignature } from '../signatures/hmac-signature.ts'
import { describeProvider, path } from './describe.ts'
import type { Provider } from './provider.ts'
import { optionsOf } from './shared/options.ts'

/** Options of {@link webflow}. */
export interface WebflowOptions {
  /** The OAuth app's client secret, or the secret of the webhook itself where it was made with a site token. */
  readonly secret: SecretInput
  /** How far the signed time may lie from now, in seconds. Default 300. */
  readonly toleranceSeconds?: number
}

/** The body of a Webflow webhook. */
export interface WebflowNotification {
  readonly triggerType: string
  readonly payload: Readonly<Record<string, unknown>>
}

const TYPES = {
  form_submission: 'form.submitted',
  site_publish: 'site.published',
  page_created: 'page.created',
  page_metadata_updated: 'page.metadata_updated',
  page_deleted: 'page.deleted',
  collection_item_created: 'collection_item.created',
  collection_item_changed: 'collection_item.updated',
  collection_item_deleted: 'collection_item.deleted',
  collection_item_published: 'collection_item.published',
  collection_item_unpublished: 'collection_item.unpublished',
  ecomm_new_order: 'order.created',
  ecomm_order_changed: 'order.updated',
  ecomm_inventory_changed: 'inventory.updated',
  user_account_added: 'user_account.created',
  user_account_updated: 'user_account.updated',
  user_account_deleted: 'user_account.deleted',
  comment_created: 'comment.created',
} as const

/** Canonical types of Webflow with their data. */
export type WebflowEvents = Readonly<Record<(typeof TYPES)[keyof typeof TYPES], WebflowNotification>>

/**
 * Webflow.
 *
 * Proved by HMAC-SHA256 over time (milliseconds) and body. There is no delivery id: the body's SHA-256 is used.
 *
 * @throws {WebhookError} `invalid_secret`.
 * @example const provider = webflow({ secret: process.env.WEBFLOW_CLIENT_SECRET })
 * @see Webflow developer documentation, "Working with webhooks".
 */
export function webflow(options: WebflowOptions): Provider<WebflowEvents> {
  const { secret, toleranceSeconds = 300 } = optionsOf('webflow', options, ['secret', 'toleranceSeconds'])
  return describeProvider<WebflowEvents>({
    name: 'webflow',
    verifier: hmacSignature({
      secret,
      signature: { header: 'x-webflow-signature' },
      message: '{timestamp}:{body}',
      timestamp: { from: { header: 'x-webflow-timestamp' }, unit: 'ms', toleranceSeconds },
    }),
    type: path('triggerType'),
    types: TYPES,
    recordId: path('payload.id'),
  })
}
