import type { SecretInput } from '../model/secret.ts'
import { hmacSignature } from '../signatures/hmac-signature.ts'
import { describeProvider, path } from './describe.ts'
import type { Provider } from './provider.ts'
import { optionsOf } from './shared/options.ts'

/** Options of {@link frappe}. */
export interface FrappeOptions {
  /** The webhook's secret (Webhook → Webhook Security, with "Enable Security"). */
  readonly secret: SecretInput
  /** Where the body names the event, as a dotted path. Default `event`. */
  readonly eventPath?: string
  /** Where the body holds the document's name. Default `name`. */
  readonly recordIdPath?: string
  /** Where the body holds something that is new for every event. Default: the SHA-256 of the body is the id. */
  readonly idPath?: string
}

/**
 * Frappe and ERPNext.
 *
 * Proved by HMAC-SHA256 (base64) over the JSON body; with the request structure "Form URL-Encoded" Frappe signs
 * something else than it sends, so choose JSON. The body is what you write into the webhook, so put the event in:
 * `{ "event": "sales_order.submitted", "name": "{{ doc.name }}", "modified": "{{ doc.modified }}" }`. There is no
 * delivery id: with `modified` in the body, its digest is one.
 *
 * @throws {WebhookError} `invalid_secret`.
 * @example const provider = frappe({ secret: process.env.FRAPPE_WEBHOOK_SECRET })
 * @see Frappe Framework documentation, "Webhooks"; frappe/frappe, `integrations/doctype/webhook`.
 */
export function frappe(options: FrappeOptions): Provider {
  const {
    secret,
    eventPath = 'event',
    recordIdPath = 'name',
    idPath,
  } = optionsOf('frappe', options, ['secret', 'eventPath', 'recordIdPath', 'idPath'])
  return describeProvider({
    name: 'frappe',
    verifier: hmacSignature({ secret, signature: { header: 'x-frappe-webhook-signature' }, encoding: 'base64' }),
    ...(idPath !== undefined && { id: path(idPath) }),
    type: path(eventPath),
    recordId: path(recordIdPath),
  })
}
