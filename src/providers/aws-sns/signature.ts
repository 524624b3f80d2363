import { decodeBase64, utf8 } from '../../bytes/encoding.ts'
import { isJsonObject, parseJson } from '../../bytes/json.ts'
import { systemNow } from '../../clock.ts'
import { WebhookError } from '../../errors.ts'
import type { WebhookRequest } from '../../model/http.ts'
import { type Refusal, refuse, type VerifyContext, type VerifyResult } from '../../model/verification.ts'
import type { AwsSnsOptions } from '../aws-sns.ts'
import { createKeyRing, verifiesRsa } from '../shared/signing-certificate.ts'
import { isSnsCertificateUrl } from './urls.ts'

/** The fields that are signed, by type, in byte order; `Subject` only where there is one. */
const SIGNED_FIELDS: Readonly<Record<string, readonly string[]>> = {
  Notification: ['Message', 'MessageId', 'Subject', 'Timestamp', 'TopicArn', 'Type'],
  SubscriptionConfirmation: ['Message', 'MessageId', 'SubscribeURL', 'Timestamp', 'Token', 'TopicArn', 'Type'],
  UnsubscribeConfirmation: ['Message', 'MessageId', 'SubscribeURL', 'Timestamp', 'Token', 'TopicArn', 'Type'],
}

const HASHES: Readonly<Record<string, 'SHA-1' | 'SHA-256'>> = { '1': 'SHA-1', '2': 'SHA-256' }

/** A message whose signature remains to be checked. */
interface Signed {
  readonly hash: 'SHA-1' | 'SHA-256'
  readonly certificateUrl: string
  readonly signature: Uint8Array
  readonly message: Uint8Array
  readonly topicArn: string
  readonly timestamp: string
}

/** Checks the signature that stands in the body of an SNS message. */
export function createSnsVerifier(options: AwsSnsOptions): {
  verify(request: WebhookRequest, context?: VerifyContext): Promise<VerifyResult>
} {
  const { topicArns, toleranceSeconds } = options
  if (topicArns !== 'any' && !isTopicList(topicArns)) {
    throw new WebhookError(
      'invalid_option',
      "aws-sns: topicArns must list ARNs of SNS topics, or be 'any' to take topics of every AWS account",
      { argument: 'topicArns' },
    )
  }
  const keys = createKeyRing(options.certificate)
  return {
    async verify({ body }, context) {
      const signed = readSigned(body)
      if ('ok' in signed) return signed
      if (topicArns !== 'any' && !topicArns.includes(signed.topicArn)) {
        return refuse('credential_mismatch', 'the topic is not one of topicArns')
      }
      const timestampMs = Date.parse(signed.timestamp)
      const nowMs = context?.now ?? systemNow()
      const late = checkTime(timestampMs, nowMs, toleranceSeconds)
      if (late !== undefined) return late
      const key = await keys.find(signed.certificateUrl, nowMs)
      if (key === undefined)
        return refuse('unsupported_signature', 'there is no readable certificate at SigningCertURL')
      if (!(await verifiesRsa(signed.hash, key, signed.signature, signed.message))) {
        return refuse('signature_mismatch', 'the signature does not match')
      }
      keys.proved(signed.certificateUrl)
      return { ok: true, timestampMs }
    },
  }
}

function isTopicList(value: unknown): value is readonly string[] {
  const isTopic = (arn: unknown): boolean => typeof arn === 'string' && /^arn:aws[a-z-]*:sns:/.test(arn)
  return Array.isArray(value) && value.length > 0 && value.every(isTopic)
}

function readSigned(body: Uint8Array): Signed | Refusal {
  const json = parseJson(body)
  if (!json.ok || !isJsonObject(json.value)) return refuse('malformed_body', 'the body is not a message of SNS')
  const fields = json.value
  const text = (name: string): string => {
    const value = Object.hasOwn(fields, name) ? fields[name] : undefined
    return typeof value === 'string' ? value : ''
  }
  const names = Object.hasOwn(SIGNED_FIELDS, text('Type')) ? SIGNED_FIELDS[text('Type')] : undefined
  const version = text('SignatureVersion')
  const hash = Object.hasOwn(HASHES, version) ? HASHES[version] : undefined
  const signature = decodeBase64(text('Signature'))
  if (names === undefined || signature === undefined || signature.length === 0) {
    return refuse('malformed_signature', 'the body is not a signed message of SNS')
  }
  if (hash === undefined) return refuse('unsupported_signature', 'the signature is neither of version 1 nor of 2')
  const certificateUrl = text('SigningCertURL')
  if (!isSnsCertificateUrl(certificateUrl)) {
    return refuse('unsupported_signature', 'SigningCertURL does not lead to a certificate of SNS')
  }
  const present = names.filter(name => name !== 'Subject' || (fields.Subject !== undefined && fields.Subject !== null))
  if (present.some(name => typeof fields[name] !== 'string'))
    return refuse('malformed_body', 'a signed field is missing')
  const message = utf8(present.map(name => `${name}\n${text(name)}\n`).join(''))
  return { hash, certificateUrl, signature, message, topicArn: text('TopicArn'), timestamp: text('Timestamp') }
}

function checkTime(timestampMs: number, nowMs: number, toleranceSeconds: number | undefined): Refusal | undefined {
  if (Number.isNaN(timestampMs)) return refuse('malformed_timestamp', 'Timestamp is not a time')
  if (toleranceSeconds === undefined) return undefined
  if (nowMs - timestampMs > toleranceSeconds * 1000) return refuse('timestamp_too_old', 'Timestamp is too old')
  if (timestampMs - nowMs > toleranceSeconds * 1000) return refuse('timestamp_in_future', 'Timestamp is in the future')
  return undefined
}
