import { singleHeader } from '../../model/http.ts'
import type { SecretInput } from '../../model/secret.ts'
import { refuse, type Verifier } from '../../model/verification.ts'
import { hmacSignature } from '../../signatures/hmac-signature.ts'

const SIGNATURE_HEADER = 'x-cal-signature-256'

/** Bare hex over the raw body. Cal.com says in the same header when it has no secret to sign with. */
export function calcomSignature(secret: SecretInput): Verifier {
  const signature = hmacSignature({ secret, signature: { header: SIGNATURE_HEADER } })
  return {
    verify: (request, context) =>
      singleHeader(request.headers, SIGNATURE_HEADER) === 'no-secret-provided'
        ? refuse('unsupported_signature', 'the webhook has no secret at Cal.com: enter the same one in its settings')
        : signature.verify(request, context),
    authenticate: (request, context) => signature.authenticate?.(request, context) ?? request,
  }
}
