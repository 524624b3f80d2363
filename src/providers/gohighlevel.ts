import { asymmetricSignature } from '../signatures/asymmetric-signature.ts'
import { afterEntity, canonicalType, describeProvider, firstOf, pastTense, path } from './describe.ts'
import type { Provider } from './provider.ts'
import { optionsOf } from './shared/options.ts'

/** Options of {@link gohighlevel}. */
export interface GohighlevelOptions {
  /**
   * GoHighLevel's own public key, from the "Webhook Integration Guide" of its developer documentation: PEM, base64 of
   * the SPKI form, or base64 of the 32 bytes. Several while the vendor changes it.
   */
  readonly publicKey: string | readonly string[] | undefined
}

/** A GoHighLevel body: flat, with the record's fields beside these. */
export interface GohighlevelNotification {
  readonly type: string
  readonly locationId?: string
  readonly webhookId?: string
  /** ISO 8601. */
  readonly timestamp?: string
  readonly id?: string
  readonly [field: string]: unknown
}

/**
 * GoHighLevel (HighLevel, LeadConnector) marketplace apps.
 *
 * Proved by ed25519 (`X-GHL-Signature`) over the body, without a signed time. The old `X-WH-Signature` is not
 * accepted: HighLevel no longer sends it. The id is `webhookId`. Types are cut behind the record:
 * `ContactCreate` → `contact.created`, `OpportunityStageUpdate` → `opportunity.stage_updated`.
 *
 * @throws {WebhookError} `invalid_secret` when the key is missing or not an ed25519 key.
 * @example const provider = gohighlevel({ publicKey: process.env.GHL_PUBLIC_KEY })
 * @see HighLevel developer documentation, "Webhook Integration Guide".
 */
export function gohighlevel(options: GohighlevelOptions): Provider<Readonly<Record<string, GohighlevelNotification>>> {
  const { publicKey } = optionsOf('gohighlevel', options, ['publicKey'])
  return describeProvider({
    name: 'gohighlevel',
    verifier: asymmetricSignature({
      publicKey,
      algorithm: 'ed25519',
      signature: { header: 'x-ghl-signature' },
      encoding: 'base64',
    }),
    id: path('webhookId'),
    type: path('type'),
    canonical: native => pastTense(cutEntity(canonicalType(native))),
    recordId: firstOf(path('id'), path('contactId')),
    time: path('timestamp'),
  })
}

const cutEntity = afterEntity([
  'contact',
  'opportunity',
  'task',
  'note',
  'appointment',
  'campaign',
  'conversation',
  'invoice',
  'order',
  'product',
  'price',
  'user',
  'location',
  'association',
  'relation',
  'record',
  'object_schema',
])
