import { describeProvider, path } from './describe.ts'
import { createPaypalVerifier } from './paypal/signature.ts'
import type { Provider } from './provider.ts'
import type { OpenEvents } from './shared/open-events.ts'
import { optionsOf } from './shared/options.ts'
import type { CertificateLoader } from './shared/signing-certificate.ts'

export type { CertificateLoader } from './shared/signing-certificate.ts'

/** Options of {@link paypal}. */
export interface PaypalOptions {
  /** The id of the webhook (developer dashboard); it is part of what is signed. Several when they share this receiver. */
  readonly webhookId: string | readonly string[]
  /** Loads the certificate at a URL that was checked to be PayPal's. The provider itself requests nothing. */
  readonly certificate: CertificateLoader
  /** How far the time of the transmission may lie from now, in seconds. Default: it is not looked at. */
  readonly toleranceSeconds?: number
}

/**
 * PayPal (REST webhooks).
 *
 * Proved by RSA-SHA256 (base64) over transmission id, time, webhook id and the CRC-32 of the body, in `PAYPAL-*` headers.
 * The certificate is loaded only from `https://….paypal.com/v1/notifications/certs/…`. A CRC-32 is no hash: who sees one
 * request can make another body that fits it, so fetch amounts from PayPal before you act on them.
 *
 * `id` is the event's id (`WH-…`), the same on every try. Types are PayPal's in lower case: `payment.capture.completed`.
 *
 * @throws {WebhookError} `invalid_option`.
 * @example
 * const provider = paypal({ webhookId: process.env.PAYPAL_WEBHOOK_ID, certificate: loadPem })
 * receiver.on('payment.capture.completed', ({ recordId }) => checkPayment(recordId))
 * @see PayPal developer documentation, "Integrate webhooks", "Verify the message".
 */
export function paypal(options: PaypalOptions): Provider<OpenEvents> {
  optionsOf('paypal', options, ['webhookId', 'certificate', 'toleranceSeconds'])
  return describeProvider<OpenEvents>({
    name: 'paypal',
    verifier: createPaypalVerifier(options),
    id: path('id'),
    type: path('event_type'),
    canonical: native => native.toLowerCase().replace(/[^a-z0-9.]+/g, '_'),
    recordId: path('resource.id'),
    time: path('create_time'),
  })
}
