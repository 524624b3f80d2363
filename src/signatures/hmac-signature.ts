import { WebhookError } from '../errors.ts'
import type { WebhookRequest } from '../model/http.ts'
import type { SecretInput } from '../model/secret.ts'
import type { VerifyContext, VerifyResult } from '../model/verification.ts'
import type { SignableMessage, SignatureHeaders, SignatureScheme } from './scheme.ts'
import type { HashAlgorithm, KeyDecoding, SignatureShape } from './shape.ts'

/** Options of {@link hmacSignature}. */
export interface HmacSignatureOptions extends SignatureShape {
  /** The shared secret; several during a rotation. */
  readonly secret: SecretInput
  /** Default `sha256`. */
  readonly algorithm?: HashAlgorithm
  /** Default: the secret's characters are the key. */
  readonly key?: KeyDecoding
}

/** An HMAC scheme: synchronous. */
export interface HmacSignature extends SignatureScheme {
  sign(message: SignableMessage): SignatureHeaders
  verify(request: WebhookRequest, context?: VerifyContext): VerifyResult
}

export function hmacSignature(_options: HmacSignatureOptions): HmacSignature {
  throw new WebhookError('unsupported', 'not yet')
}
