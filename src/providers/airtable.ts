import type { SecretInput } from '../model/secret.ts'
import { hmacSignature } from '../signatures/hmac-signature.ts'
import { constant, describeProvider, path } from './describe.ts'
import type { Provider } from './provider.ts'
import { optionsOf } from './shared/options.ts'

/** Options of {@link airtable}. */
export interface AirtableOptions {
  /** `macSecretBase64`, answered once when the webhook is created. */
  readonly secret: SecretInput
}

/** Airtable says only that something changed: fetch the payloads from your cursor on. */
export interface AirtableNotification {
  readonly base: { readonly id: string }
  readonly webhook: { readonly id: string }
  /** ISO 8601. */
  readonly timestamp: string
}

/** Airtable sends one type. */
export type AirtableEvents = { readonly 'base.changed': AirtableNotification }

/**
 * Airtable.
 *
 * Proved by HMAC-SHA256 over the body (`X-Airtable-Content-MAC: hmac-sha256=…`), keyed with the base64-decoded secret.
 * The request is a ping without content. There is no delivery id: the SHA-256 of the body, which holds the time, is
 * used. A webhook made with a token expires after a week unless it is refreshed.
 *
 * @throws {WebhookError} `invalid_secret` when the secret is missing or not base64.
 * @example
 * const provider = airtable({ secret: process.env.AIRTABLE_MAC_SECRET })
 * receiver.on('base.changed', ({ data }) => fetchPayloads(data.base.id, data.webhook.id))
 * @see Airtable Web API documentation, "Webhooks overview".
 */
export function airtable(options: AirtableOptions): Provider<AirtableEvents> {
  const { secret } = optionsOf('airtable', options, ['secret'])
  return describeProvider<AirtableEvents>({
    name: 'airtable',
    verifier: hmacSignature({
      secret,
      key: { decode: 'base64' },
      signature: { header: 'x-airtable-content-mac', prefix: 'hmac-sha256=' },
    }),
    type: constant('notification'),
    types: { notification: 'base.changed' },
    recordId: path('base.id'),
    time: path('timestamp'),
  })
}
