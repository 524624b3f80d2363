import { bearerToken } from '../../credentials/bearer-token.ts'
import { headerValues, singleHeader, type WebhookRequest } from '../../model/http.ts'
import type { SecretInput } from '../../model/secret.ts'
import { refuse, type Verifier } from '../../model/verification.ts'
import { hmacSignature } from '../../signatures/hmac-signature.ts'

export const SIGNATURE_HEADER = 'x-retell-signature'
const FUNCTION_SIGNATURE_HEADER = 'x-retell-function-signature'

/** What {@link retellSignature} takes; explained at the provider's options. */
export interface RetellSignatureOptions {
  readonly apiKey: SecretInput
  readonly toleranceSeconds: number
  readonly legacySignature: boolean
  readonly functionSecret: SecretInput | undefined
}

/**
 * `v=<ms>,d=<hex>`, read as strictly as Retell's own SDK does: this order, nothing around it, 64 hex digits in
 * either case. The signed text is the body followed by the digits of the time.
 */
export function retellSignature(options: RetellSignatureOptions): Verifier {
  const { apiKey: secret, toleranceSeconds } = options
  const current = hmacSignature({
    secret,
    signature: { header: SIGNATURE_HEADER, list: { separator: ',', tagSeparator: '=', tag: 'd' } },
    timestamp: { from: { tag: 'v' }, unit: 'ms', toleranceSeconds },
    message: '{body}{timestamp}',
  })
  const legacy = hmacSignature({
    secret,
    signature: { header: SIGNATURE_HEADER, list: { separator: ',', tagSeparator: '=', tag: 'v1' } },
    timestamp: { from: { tag: 't' }, unit: 's', toleranceSeconds },
    message: '{timestamp}.{body}',
  })
  const functions = options.functionSecret === undefined ? undefined : functionProof(options.functionSecret)
  return {
    verify(request, context) {
      const [value, ...others] = headerValues(request.headers, SIGNATURE_HEADER)
      if (value === undefined) {
        return functions?.verify(request, context) ?? refuse('missing_header', `${SIGNATURE_HEADER} is missing`)
      }
      if (others.length > 0) return refuse('duplicate_header', `${SIGNATURE_HEADER} came more than once`)
      const match = /^v=(\d+),d=([0-9a-f]{64})$/i.exec(value)
      if (match) {
        const milliseconds = Number(match[1])
        if (!Number.isSafeInteger(milliseconds)) return refuse('malformed_timestamp', 'the signed time is not a time')
        return current.verify(withSignature(request, `v=${milliseconds},d=${match[2] ?? ''}`), context)
      }
      if (options.legacySignature && LEGACY.test(value)) {
        return legacy.verify(withSignature(request, value.replaceAll(' ', '')), context)
      }
      return refuse('malformed_signature', `${SIGNATURE_HEADER} does not have the form v=<milliseconds>,d=<hex>`)
    },
    authenticate: (request, context) => current.authenticate?.(request, context) ?? request,
  }
}

const LEGACY = /^ *(?:t=\d{1,15} *, *v1=[0-9a-f]{64}|v1=[0-9a-f]{64} *, *t=\d{1,15}) *$/i

function withSignature(request: WebhookRequest, value: string): WebhookRequest {
  return { ...request, headers: { [SIGNATURE_HEADER]: value } }
}

/** Proofs for custom functions only; a body proved this way is never read as an event of a call. */
function functionProof(secret: SecretInput): Verifier {
  const signature = hmacSignature({ secret, signature: { header: FUNCTION_SIGNATURE_HEADER } })
  const token = bearerToken({ token: secret })
  return {
    verify: (request, context) =>
      singleHeader(request.headers, FUNCTION_SIGNATURE_HEADER) === undefined
        ? token.verify(request, context)
        : signature.verify(request, context),
  }
}
