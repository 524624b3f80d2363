import { createSnsVerifier } from './aws-sns/signature.ts'
import { isSnsUrl } from './aws-sns/urls.ts'
import { describeProvider, path, valueAt } from './describe.ts'
import type { Provider } from './provider.ts'
import { askAgain } from './shared/answers.ts'
import { optionsOf } from './shared/options.ts'
import type { CertificateLoader } from './shared/signing-certificate.ts'

export type { CertificateLoader } from './shared/signing-certificate.ts'

/** Options of {@link awsSns}. */
export interface AwsSnsOptions {
  /** Loads the certificate at a URL that was checked to be Amazon's. The provider itself requests nothing. */
  readonly certificate: CertificateLoader
  /**
   * The topics to accept. With `'any'` every topic of every AWS account is authentic: whoever has an account can send
   * you events, so check `TopicArn` yourself before you act on one.
   */
  readonly topicArns: readonly string[] | 'any'
  /**
   * How far `Timestamp` may lie from now, in seconds. Default: it is not looked at, because SNS goes on trying with the
   * same one, for hours if you let it.
   */
  readonly toleranceSeconds?: number
}

/** A message of SNS as sent. */
export interface SnsMessage {
  readonly Type: string
  readonly MessageId: string
  readonly TopicArn: string
  readonly Subject?: string
  /** Often JSON in a text. */
  readonly Message: string
  /** ISO 8601. */
  readonly Timestamp: string
  /** Only to confirm: GET it to begin with the subscription. Checked to be an address of SNS. */
  readonly SubscribeURL?: string
  readonly Token?: string
  readonly UnsubscribeURL?: string
  readonly [field: string]: unknown
}

/** Events of SNS. */
export type AwsSnsEvents = {
  readonly 'notification.received': SnsMessage
  readonly 'subscription.confirmation': SnsMessage
  readonly 'unsubscribe.confirmation': SnsMessage
}

/**
 * Amazon SNS over HTTP(S), without raw message delivery (which is not signed).
 *
 * Proved by an RSA signature in the body (version 1 SHA-1, version 2 SHA-256) that covers its fields. The certificate
 * is loaded only from `https://sns.<region>.amazonaws.com/SimpleNotificationService-….pem` (`.cn` in China).
 * `id` is `MessageId`. An event that is being handled right now is answered with 503, because SNS does not try again
 * after a 4xx.
 *
 * A new subscription arrives as `subscription.confirmation`; request its `SubscribeURL` to confirm it.
 *
 * @throws {WebhookError} `invalid_option`.
 * @example
 * const provider = awsSns({ certificate: loadPem, topicArns: ['arn:aws:sns:eu-central-1:123456789012:orders'] })
 * receiver.on('subscription.confirmation', async ({ data }) => void (await fetch(data.SubscribeURL ?? '')))
 * receiver.on('notification.received', ({ data }) => work(JSON.parse(data.Message)))
 * @see Amazon SNS Developer Guide, "Verifying the signatures of Amazon SNS messages".
 */
export function awsSns(options: AwsSnsOptions): Provider<AwsSnsEvents> {
  optionsOf('aws-sns', options, ['certificate', 'topicArns', 'toleranceSeconds'])
  const provider = describeProvider<AwsSnsEvents>({
    name: 'aws-sns',
    verifier: createSnsVerifier(options),
    timeoutSeconds: 14,
    split: body => (hasSafeLinks(body) ? [body] : undefined),
    id: path('MessageId'),
    type: path('Type'),
    types: {
      Notification: 'notification.received',
      SubscriptionConfirmation: 'subscription.confirmation',
      UnsubscribeConfirmation: 'unsubscribe.confirmation',
    },
    recordId: path('TopicArn'),
    time: path('Timestamp'),
    respond: askAgain,
  })
  return provider
}

/** Handlers request these, so they must lead to SNS. */
function hasSafeLinks(body: unknown): boolean {
  const url = valueAt(body, 'SubscribeURL')
  return url === undefined || (typeof url === 'string' && isSnsUrl(url))
}
