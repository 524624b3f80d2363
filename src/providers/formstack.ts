import type { SecretInput } from '../model/secret.ts'
import { hmacSignature } from '../signatures/hmac-signature.ts'
import { constant, describeProvider, path } from './describe.ts'
import type { Provider } from './provider.ts'
import { formOrJson } from './shared/form-request.ts'
import { optionsOf } from './shared/options.ts'

/** Options of {@link formstack}. */
export interface FormstackOptions {
  /** The webhook's HMAC key (form → Settings → Emails & Actions → WebHook). */
  readonly secret: SecretInput
}

/** A submission: the answers by field name, beside the ids. */
export interface FormstackSubmission {
  readonly FormID: string
  readonly UniqueID: string
  readonly [field: string]: unknown
}

/** Formstack sends one type. */
export type FormstackEvents = { readonly 'form.submitted': FormstackSubmission }

/**
 * Formstack Forms.
 *
 * Proved by HMAC-SHA256 over the body (`X-FS-Signature: sha256=…`), without a time. The body may be JSON or a form, as
 * the content type says. The id is `UniqueID`.
 *
 * @throws {WebhookError} `invalid_secret`.
 * @example const provider = formstack({ secret: process.env.FORMSTACK_HMAC_KEY })
 * @see Formstack help centre, "WebHook".
 */
export function formstack(options: FormstackOptions): Provider<FormstackEvents> {
  const { secret } = optionsOf('formstack', options, ['secret'])
  return describeProvider<FormstackEvents>({
    name: 'formstack',
    verifier: hmacSignature({ secret, signature: { header: 'x-fs-signature', prefix: 'sha256=' } }),
    format: formOrJson,
    id: path('UniqueID'),
    type: constant('submission'),
    types: { submission: 'form.submitted' },
    recordId: path('UniqueID'),
  })
}
