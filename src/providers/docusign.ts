import type { SecretInput } from '../model/secret.ts'
import { hmacSignature } from '../signatures/hmac-signature.ts'
import { canonicalType, describeProvider, type Lookup, path } from './describe.ts'
import type { Provider } from './provider.ts'
import { optionsOf } from './shared/options.ts'

/** Options of {@link docusign}. */
export interface DocusignOptions {
  /** A Connect HMAC key (Settings → Connect → Connect keys); several when you hold several. */
  readonly secret: SecretInput
}

/** The JSON body of a Connect message. */
export interface DocusignNotification {
  readonly event: string
  readonly apiVersion?: string
  readonly uri?: string
  /** From 0. */
  readonly retryCount?: number
  readonly configurationId?: number
  /** ISO 8601. */
  readonly generatedDateTime?: string
  readonly data: {
    readonly accountId?: string
    readonly envelopeId?: string
    readonly recipientId?: string
    readonly envelopeSummary?: Readonly<Record<string, unknown>>
    readonly [field: string]: unknown
  }
}

/**
 * DocuSign Connect with JSON messages ("JSON SIM"). XML messages verify, but are not read.
 *
 * Proved by HMAC-SHA256 (base64) over the body, one header `X-DocuSign-Signature-<n>` for each key of the account;
 * any match counts. There is no delivery id: envelope, recipient, event and time together name an event once.
 * `envelope-completed` becomes `envelope.completed`; the attempt is `retryCount`.
 *
 * @throws {WebhookError} `invalid_secret`.
 * @example const provider = docusign({ secret: process.env.DOCUSIGN_CONNECT_KEY })
 * @see DocuSign developer documentation, "HMAC security" and "Connect event model".
 */
export function docusign(options: DocusignOptions): Provider<Readonly<Record<string, DocusignNotification>>> {
  const { secret } = optionsOf('docusign', options, ['secret'])
  return describeProvider({
    name: 'docusign',
    verifier: hmacSignature({ secret, signature: { header: SIGNATURE_HEADERS }, encoding: 'base64' }),
    id: eventId,
    idSource: 'composite',
    type: path('event'),
    canonical: native => canonicalType(native.replace('-', '.')),
    recordId: path('data.envelopeId'),
    time: path('generatedDateTime'),
    attempt: path('retryCount'),
    firstAttempt: 0,
  })
}

/** An account may hold a hundred keys. */
const SIGNATURE_HEADERS = Array.from({ length: 100 }, (_, i) => `x-docusign-signature-${i + 1}`)

const eventId: Lookup = input => {
  const [envelope, event] = [path('data.envelopeId')(input), path('event')(input)]
  if (envelope === undefined || event === undefined) return undefined
  return [envelope, path('data.recipientId')(input) ?? '', event, path('generatedDateTime')(input) ?? ''].join(':')
}
