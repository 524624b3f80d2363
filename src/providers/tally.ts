import type { SecretInput } from '../model/secret.ts'
import { hmacSignature } from '../signatures/hmac-signature.ts'
import { describeProvider, firstOf, path } from './describe.ts'
import type { Provider } from './provider.ts'
import { optionsOf } from './shared/options.ts'

/** Options of {@link tally}. */
export interface TallyOptions {
  /** The webhook's signing secret (form → Integrations → Webhooks). Without one Tally signs nothing. */
  readonly secret: SecretInput
}

/** The body of a Tally webhook. */
export interface TallyNotification {
  readonly eventId: string
  readonly eventType: string
  /** ISO 8601. */
  readonly createdAt?: string
  readonly data: {
    readonly responseId?: string
    readonly submissionId?: string
    readonly formId?: string
    readonly formName?: string
    readonly fields?: readonly Readonly<Record<string, unknown>>[]
    readonly [field: string]: unknown
  }
}

/** Tally sends one type. */
export type TallyEvents = { readonly 'form_response.submitted': TallyNotification }

/**
 * Tally.
 *
 * Proved by HMAC-SHA256 (base64) over the body, without a time. The id is `eventId`.
 *
 * @throws {WebhookError} `invalid_secret`.
 * @example const provider = tally({ secret: process.env.TALLY_SIGNING_SECRET })
 * @see Tally help centre, "Webhooks".
 */
export function tally(options: TallyOptions): Provider<TallyEvents> {
  const { secret } = optionsOf('tally', options, ['secret'])
  return describeProvider<TallyEvents>({
    name: 'tally',
    verifier: hmacSignature({ secret, signature: { header: 'tally-signature' }, encoding: 'base64' }),
    id: path('eventId'),
    type: path('eventType'),
    types: { FORM_RESPONSE: 'form_response.submitted' },
    recordId: firstOf(path('data.responseId'), path('data.submissionId')),
    time: path('createdAt'),
  })
}
