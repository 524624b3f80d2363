import { asymmetricSignature } from '../signatures/asymmetric-signature.ts'
import { canonicalType, describeProvider, listAt, path } from './describe.ts'
import type { Provider } from './provider.ts'
import { optionsOf } from './shared/options.ts'

/** Options of {@link sendgrid}. */
export interface SendgridOptions {
  /** The verification key (Settings → Mail settings → Event webhooks → Signature verification), base64. */
  readonly publicKey: string | readonly string[] | undefined
  /** How far the signed time may lie from now, in seconds. Default: any; SendGrid enforces none. */
  readonly toleranceSeconds?: number
}

/** One element of a SendGrid batch. */
export interface SendgridEvent {
  readonly event: string
  readonly email: string
  readonly sg_event_id: string
  readonly sg_message_id?: string
  /** Seconds since the epoch. */
  readonly timestamp?: number
  readonly [field: string]: unknown
}

/**
 * SendGrid event webhook with signature verification.
 *
 * Proved by ECDSA (P-256, SHA-256) over time and body. A request is a batch; the id is `sg_event_id`. `delivered`
 * becomes `message.delivered`.
 *
 * @throws {WebhookError} `invalid_secret` when the key is missing or not readable.
 * @example const provider = sendgrid({ publicKey: process.env.SENDGRID_VERIFICATION_KEY })
 * @see Twilio SendGrid documentation, "Getting started with the event webhook security features".
 */
export function sendgrid(options: SendgridOptions): Provider<Readonly<Record<string, SendgridEvent>>> {
  const { publicKey, toleranceSeconds } = optionsOf('sendgrid', options, ['publicKey', 'toleranceSeconds'])
  const timeHeader = 'x-twilio-email-event-webhook-timestamp'
  return describeProvider({
    name: 'sendgrid',
    verifier: asymmetricSignature({
      publicKey,
      algorithm: 'ecdsa-p256-sha256',
      signature: { header: 'x-twilio-email-event-webhook-signature' },
      encoding: 'base64',
      message: `{header:${timeHeader}}{body}`,
      ...(toleranceSeconds !== undefined && { timestamp: { from: { header: timeHeader }, toleranceSeconds } }),
    }),
    split: listAt(''),
    id: path('sg_event_id'),
    type: path('event'),
    canonical: native => canonicalType(`message.${native}`),
    recordId: path('sg_message_id'),
    time: path('timestamp'),
  })
}
