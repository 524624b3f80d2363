import type { WebhookRequest } from '../model/http.ts'
import type { Verifier, VerifyContext, VerifyResult } from '../model/verification.ts'

/** A check that proves only the caller, not the bytes. Needs no waiting. */
export interface Credential extends Verifier {
  verify(request: WebhookRequest, context?: VerifyContext): VerifyResult
  authenticate(request: WebhookRequest, context?: VerifyContext): WebhookRequest
}
