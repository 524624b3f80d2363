import { utf8 } from '../bytes/encoding.ts'
import { parseJson } from '../bytes/json.ts'
import { allOf } from '../credentials/all-of.ts'
import { type BasicCredentials, basicAuth } from '../credentials/basic-auth.ts'
import type { WebhookRequest } from '../model/http.ts'
import type { SecretInput } from '../model/secret.ts'
import { refuse, type Verifier, type VerifyResult } from '../model/verification.ts'
import { hmacSignature } from '../signatures/hmac-signature.ts'
import { describeProvider, join, path, valueAt } from './describe.ts'
import type { Provider } from './provider.ts'
import { optionsOf } from './shared/options.ts'

/** Options of {@link adyen}. */
export interface AdyenOptions {
  /** The webhook's HMAC key, hex digits (Customer Area → Developers → Webhooks). */
  readonly secret: SecretInput
  /** The user name and password set on the webhook: with them the caller is proved too. */
  readonly basicAuth?: BasicCredentials
}

/** One notification item. */
export interface AdyenNotification {
  readonly eventCode: string
  readonly success: string
  readonly pspReference: string
  readonly originalReference?: string
  readonly merchantAccountCode: string
  readonly merchantReference?: string
  readonly amount?: { readonly currency: string; readonly value: number }
  /** ISO 8601. */
  readonly eventDate?: string
  readonly additionalData?: Readonly<Record<string, string>>
  readonly [field: string]: unknown
}

/**
 * Adyen standard (payments) webhooks in JSON.
 *
 * Each item is proved by HMAC-SHA256 (base64) over eight of its fields joined by colons, keyed with the hex-decoded
 * key; every item must hold. **Other fields are not signed** (`reason`, `eventDate`, most of `additionalData`): use
 * HTTPS, and give `basicAuth` too. The id is `pspReference`, `eventCode`
 * and `success`. Accepted requests are answered `[accepted]`.
 *
 * @throws {WebhookError} `invalid_secret` when the key is missing or not hex.
 * @example
 * const provider = adyen({ secret: process.env.ADYEN_HMAC_KEY })
 * receiver.on('authorisation', ({ data }) => settle(data))
 * @see Adyen documentation, "Verify HMAC signatures" and "Accept webhooks".
 */
export function adyen(options: AdyenOptions): Provider<Readonly<Record<string, AdyenNotification>>> {
  const { secret, basicAuth: credentials } = optionsOf('adyen', options, ['secret', 'basicAuth'])
  return describeProvider({
    name: 'adyen',
    timeoutSeconds: 8,
    verifier: credentials === undefined ? adyenVerifier(secret) : allOf(basicAuth(credentials), adyenVerifier(secret)),
    split: itemsOf,
    id: join(':', path('pspReference'), path('eventCode'), path('success')),
    idSource: 'composite',
    type: path('eventCode'),
    recordId: path('pspReference'),
    time: path('eventDate'),
    respond: ({ httpStatus }) =>
      httpStatus < 300 ? { status: 200, headers: { 'content-type': 'text/plain' }, body: '[accepted]' } : undefined,
  })
}

function itemsOf(body: unknown): readonly unknown[] | undefined {
  const items = valueAt(body, 'notificationItems')
  return Array.isArray(items) ? items.map(item => valueAt(item, 'NotificationRequestItem')) : undefined
}

const SIGNED_FIELDS = [
  'pspReference',
  'originalReference',
  'merchantAccountCode',
  'merchantReference',
  'amount.value',
  'amount.currency',
  'eventCode',
  'success',
]

/** What stands for nothing is signed as empty text; `undefined` when a field is neither text nor number. */
function signedText(item: unknown): Uint8Array | undefined {
  const amount = valueAt(item, 'amount') ?? {}
  if (typeof amount !== 'object' || Array.isArray(amount)) return undefined
  const values = SIGNED_FIELDS.map(field => valueAt(item, field) ?? '')
  const isPlain = values.every(value => typeof value === 'string' || typeof value === 'number')
  return isPlain ? utf8(values.map(String).join(':')) : undefined
}

/** Each item is checked as if its fields were a body and its signature a header. */
const HEADER = 'hmacsignature'

function adyenVerifier(secret: SecretInput): Verifier {
  const scheme = hmacSignature({ secret, key: { decode: 'hex' }, signature: { header: HEADER }, encoding: 'base64' })
  const verifyItem = (request: WebhookRequest, item: unknown): VerifyResult => {
    const signature = valueAt(item, 'additionalData.hmacSignature')
    if (typeof signature !== 'string') return refuse('malformed_signature', 'an item has no hmacSignature')
    const body = signedText(item)
    if (body === undefined) return refuse('malformed_body', 'a signed field is neither text nor number')
    return scheme.verify({ ...request, headers: { [HEADER]: signature }, body })
  }
  return {
    verify(request) {
      const items = readItems(request.body)
      if (items === undefined || items.length === 0) return refuse('malformed_body', 'there are no notification items')
      const verdicts = items.map(item => verifyItem(request, item))
      return verdicts.find(verdict => !verdict.ok) ?? { ok: true }
    },
    authenticate(request) {
      const parsed = parseJson(request.body)
      const items = readItems(request.body) ?? []
      const notificationItems = items.map(item => {
        const hmacSignature = scheme.sign({ body: signedText(item) ?? '' })[HEADER]
        const additionalData = { ...asObject(valueAt(item, 'additionalData')), hmacSignature }
        return { NotificationRequestItem: { ...asObject(item), additionalData } }
      })
      const body = { ...asObject(parsed.ok ? parsed.value : {}), notificationItems }
      return { ...request, body: utf8(JSON.stringify(body)) }
    },
  }
}

function readItems(body: Uint8Array): readonly unknown[] | undefined {
  const parsed = parseJson(body)
  return parsed.ok ? itemsOf(parsed.value) : undefined
}

function asObject(value: unknown): object {
  return typeof value === 'object' && value !== null ? value : {}
}
