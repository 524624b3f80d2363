import { constantTimeEqual } from '../../bytes/constant-time.ts'
import { decodeBase64, decodeUtf8, encodeBase64, utf8 } from '../../bytes/encoding.ts'
import { hash, SHA256 } from '../../bytes/hash.ts'
import { headerValues } from '../../model/http.ts'
import type { SecretInput } from '../../model/secret.ts'
import { requireSecrets } from '../../model/secret.ts'
import { refuse, type Verifier, type VerifyResult, withHeaders } from '../../model/verification.ts'

const SIGNATURE_HEADER = 'x-webhook-signature'

/**
 * Base64 of `secret:body`. It is no signature: whoever sees one request can read the secret out of it and write any
 * other. DevLink's sender encodes one byte a character (Latin-1), its documentation UTF-8; both are accepted.
 */
export function insecureLegacySignature(secret: SecretInput): Verifier {
  const secrets = requireSecrets('secret', secret).map(value => (typeof value === 'string' ? utf8(value) : value))
  return {
    verify(request): VerifyResult {
      const [value, ...others] = headerValues(request.headers, SIGNATURE_HEADER)
      if (value === undefined) return refuse('missing_header', `${SIGNATURE_HEADER} is missing`)
      if (others.length > 0) return refuse('duplicate_header', `${SIGNATURE_HEADER} came more than once`)
      const given = decodeBase64(value)
      if (given === undefined) return refuse('malformed_signature', `${SIGNATURE_HEADER} is not base64`)
      const digest = hash(SHA256, given)
      let matches = false
      for (const candidate of secrets) {
        for (const expected of encodings(candidate, request.body)) {
          if (constantTimeEqual(hash(SHA256, expected), digest)) matches = true
        }
      }
      return matches ? { ok: true } : refuse('signature_mismatch', `${SIGNATURE_HEADER} does not fit secret and body`)
    },
    authenticate: request =>
      withHeaders(request, {
        [SIGNATURE_HEADER]: encodeBase64(join(secrets[0] ?? new Uint8Array(), request.body)),
      }),
  }
}

function encodings(secret: Uint8Array, body: Uint8Array): readonly Uint8Array[] {
  const whole = join(secret, body)
  const latin1 = toLatin1(whole)
  return latin1 === undefined ? [whole] : [whole, latin1]
}

function join(secret: Uint8Array, body: Uint8Array): Uint8Array {
  const whole = new Uint8Array(secret.length + 1 + body.length)
  whole.set(secret)
  whole[secret.length] = 0x3a
  whole.set(body, secret.length + 1)
  return whole
}

/** UTF-8 text as one byte a character; `undefined` where that cannot be, or would make no difference. */
function toLatin1(bytes: Uint8Array): Uint8Array | undefined {
  if (bytes.every(byte => byte < 0x80)) return undefined
  const text = decodeUtf8(bytes)
  if (text === undefined) return undefined
  const latin1 = new Uint8Array(text.length)
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code > 0xff) return undefined
    latin1[i] = code
  }
  return latin1
}
