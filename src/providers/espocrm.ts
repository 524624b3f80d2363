import { decodeBase64, decodeHex, encodeBase64, encodeHex, utf8 } from '../bytes/encoding.ts'
import { WebhookError } from '../errors.ts'
import { singleHeader, type WebhookRequest } from '../model/http.ts'
import { requireSecrets, type SecretInput } from '../model/secret.ts'
import { refuse, type Verifier, type VerifyResult, withHeaders } from '../model/verification.ts'
import { hmacSignature } from '../signatures/hmac-signature.ts'
import { canonicalType, describeProvider, type Lookup, listAt, pastTense, path } from './describe.ts'
import type { Provider } from './provider.ts'
import { optionsOf } from './shared/options.ts'

/** One webhook record of EspoCRM. */
export interface EspocrmWebhook {
  /** Its secret key. */
  readonly secret: SecretInput
  /** The event that it was created for, which the requests do not tell: `Account.create`, `Lead.fieldUpdate.status`. */
  readonly event: string
}

/** Options of {@link espocrm}. */
export interface EspocrmOptions {
  /** The webhooks that point here, by their id (Administration → Webhooks). */
  readonly webhooks: Readonly<Record<string, EspocrmWebhook>>
}

/** The changed or whole record, as EspoCRM sends it. */
export type EspocrmRecord = Readonly<Record<string, unknown>>

/**
 * EspoCRM.
 *
 * Proved by HMAC-SHA256 over the body. The header `Signature` holds, in base64, the webhook's id, a colon and the
 * digest in hex; `X-Signature` is the same with the raw digest and goes away with EspoCRM 11. The id picks the secret
 * and the event. A request is a batch of records. There is no delivery id: the webhook's id, the SHA-256 of the body and
 * the place in the batch are used.
 *
 * @throws {WebhookError} `invalid_option` when no webhook is given or one has no event; `invalid_secret`.
 * @example
 * const provider = espocrm({ webhooks: { '5f1c…': { secret: process.env.ESPO_SECRET, event: 'Account.create' } } })
 * receiver.on('account.created', ({ data }) => sync(data))
 * @see EspoCRM documentation, "Webhooks"; espocrm/espocrm, `Core\Webhook\Sender`.
 */
export function espocrm(options: EspocrmOptions): Provider<Readonly<Record<string, EspocrmRecord>>> {
  const { webhooks } = optionsOf('espocrm', options, ['webhooks'])
  const known = new Map(Object.entries(webhooks ?? {}))
  if (known.size === 0) throw invalid('webhooks', 'must name at least one webhook by its id')
  for (const [id, { secret, event }] of known) {
    requireSecrets(`webhooks.${id}.secret`, secret)
    if (typeof event !== 'string' || event === '') throw invalid(`webhooks.${id}.event`, 'is missing: Account.create')
  }
  return describeProvider({
    name: 'espocrm',
    verifier: espocrmVerifier(known),
    split: listAt(''),
    id: recordEventId,
    idSource: 'digest',
    type: ({ request }) => known.get(readSignature(request)?.webhookId ?? '')?.event,
    canonical: native => pastTense(canonicalType(native)),
    recordId: path('id'),
  })
}

const recordEventId: Lookup = ({ request, index, bodyDigest }) =>
  `${readSignature(request)?.webhookId}:${bodyDigest()}:${index}`

/** The header in which the digest is handed to the plain HMAC scheme; it never leaves this file. */
const DIGEST = 'x-espocrm-digest'

function espocrmVerifier(webhooks: ReadonlyMap<string, EspocrmWebhook>): Verifier {
  const schemes = new Map(
    [...webhooks].map(([id, { secret }]) => [id, hmacSignature({ secret, signature: { header: DIGEST } })] as const),
  )
  return {
    verify(request, context): VerifyResult {
      const read = readSignature(request)
      if (read === undefined) return refuse('missing_header', 'there is no readable Signature header')
      const scheme = schemes.get(read.webhookId)
      if (scheme === undefined) return refuse('signature_mismatch', 'the webhook id in the signature is not configured')
      return scheme.verify({ ...request, headers: { [DIGEST]: encodeHex(read.digest) } }, context)
    },
    authenticate(request) {
      const [id, scheme] = [...schemes][0] ?? []
      const digest = scheme?.sign({ body: request.body })[DIGEST] ?? ''
      return withHeaders(request, { signature: encodeBase64(utf8(`${id}:${digest}`)) })
    },
  }
}

/** The longest id and digest are far below this. */
const MAX_HEADER_LENGTH = 512

function readSignature({ headers }: WebhookRequest): { webhookId: string; digest: Uint8Array } | undefined {
  const current = singleHeader(headers, 'signature')
  const text = current ?? singleHeader(headers, 'x-signature')
  const bytes = text === undefined || text.length > MAX_HEADER_LENGTH ? undefined : decodeBase64(text)
  const colon = bytes?.indexOf(0x3a) ?? -1
  if (bytes === undefined || colon < 1) return undefined
  const after = bytes.subarray(colon + 1)
  const digest = current === undefined ? after : decodeHex(String.fromCharCode(...after))
  return digest && { webhookId: String.fromCharCode(...bytes.subarray(0, colon)), digest }
}

function invalid(argument: string, problem: string): WebhookError {
  return new WebhookError('invalid_option', `espocrm: ${argument} ${problem}`, { argument })
}
