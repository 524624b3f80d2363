import type { SecretInput } from '../model/secret.ts'
import { hmacSignature } from '../signatures/hmac-signature.ts'
import { describeProvider, path } from './describe.ts'
import type { Provider } from './provider.ts'
import { optionsOf } from './shared/options.ts'

/** Options of {@link typeform}. */
export interface TypeformOptions {
  /** The webhook's secret (form → Connect → Webhooks → Edit). */
  readonly secret: SecretInput
}

/** The body of a Typeform webhook. */
export interface TypeformNotification {
  readonly event_id: string
  readonly event_type: string
  readonly form_response: {
    readonly form_id: string
    readonly token: string
    /** ISO 8601. */
    readonly submitted_at?: string
    readonly definition?: Readonly<Record<string, unknown>>
    readonly answers?: readonly Readonly<Record<string, unknown>>[]
    readonly [field: string]: unknown
  }
}

/** Canonical types of Typeform with their data. */
export type TypeformEvents = {
  readonly 'form_response.submitted': TypeformNotification
  readonly 'form_response.partially_submitted': TypeformNotification
}

/**
 * Typeform.
 *
 * Proved by HMAC-SHA256 over the body (`Typeform-Signature: sha256=<base64>`), without a time. The id is `event_id`.
 *
 * @throws {WebhookError} `invalid_secret`.
 * @example
 * const provider = typeform({ secret: process.env.TYPEFORM_SECRET })
 * receiver.on('form_response.submitted', ({ data }) => save(data.form_response.answers))
 * @see Typeform developer documentation, "Secure your webhooks" and "Example payload".
 */
export function typeform(options: TypeformOptions): Provider<TypeformEvents> {
  const { secret } = optionsOf('typeform', options, ['secret'])
  return describeProvider<TypeformEvents>({
    name: 'typeform',
    timeoutSeconds: 25,
    verifier: hmacSignature({
      secret,
      signature: { header: 'typeform-signature', prefix: 'sha256=' },
      encoding: 'base64',
    }),
    id: path('event_id'),
    type: path('event_type'),
    types: {
      form_response: 'form_response.submitted',
      form_response_partial: 'form_response.partially_submitted',
    },
    recordId: path('form_response.token'),
    time: path('form_response.submitted_at'),
  })
}
