import { headerValues, type WebhookRequest } from '../model/http.ts'
import { type Refusal, refuse } from '../model/verification.ts'

/** A header that carries a credential: its value, or why not. */
export function readCredential(request: WebhookRequest, header: string): string | Refusal {
  const values = headerValues(request.headers, header)
  const [value] = values
  if (value === undefined || value === '') return refuse('missing_credential', `the header ${header} is missing`)
  return values.length === 1 ? value : refuse('duplicate_header', `the header ${header} came more than once`)
}

/** The refusal of a wrong credential. */
export const wrongCredential: Refusal = refuse('credential_mismatch', 'the credential is not the configured one')
