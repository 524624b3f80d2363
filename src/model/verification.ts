import { headerEntries, type WebhookRequest } from './http.ts'

/** Why a request was not accepted as authentic. For logs and the `rejected` event; never shown to the sender. */
export type RefusalCode =
  | 'missing_header'
  | 'duplicate_header'
  | 'malformed_signature'
  | 'malformed_timestamp'
  | 'malformed_body'
  | 'timestamp_too_old'
  | 'timestamp_in_future'
  | 'signature_mismatch'
  | 'missing_credential'
  | 'credential_mismatch'
  | 'address_unknown'
  | 'address_not_allowed'
  | 'unsupported_signature'
  /** A check of your own answered something that is no verdict. */
  | 'invalid_verdict'

/** The verdict on a request. Verification never throws on hostile input. */
export type VerifyResult =
  | {
      readonly ok: true
      /** When the sender says it signed, in milliseconds since the epoch, where the scheme has a signed time. */
      readonly timestampMs?: number
    }
  | Refusal

/** A refused request and its cause, without secrets or expected digests. */
export interface Refusal {
  readonly ok: false
  readonly code: RefusalCode
  readonly message: string
}

/** What a verification may know beside the request. */
export interface VerifyContext {
  /** Milliseconds since the epoch. Default: the system clock. */
  readonly now?: number
}

/** A value that may need waiting for. Verification is synchronous wherever the cryptography is. */
export type MaybePromise<T> = T | Promise<T>

/** Where requests carry a secret as it is. */
export interface ConfidentialParts {
  /** In any case. */
  readonly headers?: readonly string[]
  /** Dotted paths in a JSON body, where `*` takes any item of a list; names of fields in a form. */
  readonly bodyPaths?: readonly string[]
}

/** Anything that decides whether a request is authentic: a signature scheme or a credential check. */
export interface Verifier {
  /** What the exchange log has to mask, beside what everybody knows to be secret by its name. */
  readonly confidential?: ConfidentialParts
  verify(request: WebhookRequest, context?: VerifyContext): MaybePromise<VerifyResult>
  /**
   * The same request with the proof added that `verify` asks for, as the sender would have sent it. For tests
   * and demos. Absent where the verifier does not hold what is needed (a public key only).
   */
  authenticate?(request: WebhookRequest, context?: VerifyContext): MaybePromise<WebhookRequest>
}

/** Builds a {@link Refusal}. */
export function refuse(code: RefusalCode, message: string): Refusal {
  return { ok: false, code, message }
}

/** What a check answered as a verdict: only `ok: true` accepts, and what is neither that nor a refusal refuses. */
export function readVerdict(answer: VerifyResult | undefined): VerifyResult {
  if (answer?.ok === true || answer?.ok === false) return answer
  return refuse('invalid_verdict', 'a check answered neither { ok: true } nor { ok: false, code, message }')
}

/** The same request with more headers; same-named ones are replaced. */
export function withHeaders(request: WebhookRequest, added: Readonly<Record<string, string>>): WebhookRequest {
  const headers: Record<string, string | readonly string[]> = {}
  for (const [name, value] of headerEntries(request.headers)) headers[name.toLowerCase()] = value
  for (const [name, value] of Object.entries(added)) headers[name.toLowerCase()] = value
  return { ...request, headers }
}
