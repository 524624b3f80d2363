import type { SecretInput } from '../model/secret.ts'
import { hmacSignature } from '../signatures/hmac-signature.ts'
import { canonicalType, describeProvider, path } from './describe.ts'
import type { Provider } from './provider.ts'
import { optionsOf } from './shared/options.ts'

/** Options of {@link acuity}. */
export interface AcuityOptions {
  /** The API key of the account's main administrator (Integrations → API). */
  readonly secret: SecretInput
}

/** The form fields of an Acuity webhook. */
export interface AcuityNotification {
  readonly action: string
  readonly id: string
  readonly calendarID?: string
  readonly appointmentTypeID?: string
  readonly [field: string]: unknown
}

/**
 * Acuity Scheduling.
 *
 * Proved by HMAC-SHA256 (base64) over the form body, without a time. The body is `action` and ids only, so the second
 * rescheduling of an appointment looks like the first, and no notification is taken for a repetition of another:
 * handlers have to be ready for one too many. `scheduled` becomes `appointment.scheduled`; `order.completed` stays.
 *
 * @throws {WebhookError} `invalid_secret`.
 * @example
 * const provider = acuity({ secret: process.env.ACUITY_API_KEY })
 * receiver.on('appointment.*', ({ recordId }) => refetch(recordId))
 * @see Acuity Scheduling developer documentation, "Webhooks".
 */
export function acuity(options: AcuityOptions): Provider<Readonly<Record<string, AcuityNotification>>> {
  const { secret } = optionsOf('acuity', options, ['secret'])
  return describeProvider({
    name: 'acuity',
    verifier: hmacSignature({ secret, signature: { header: 'x-acuity-signature' }, encoding: 'base64' }),
    format: 'form',
    type: path('action'),
    canonical: native => canonicalType(native.includes('.') ? native : `appointment.${native}`),
    recordId: path('id'),
    deduplicate: false,
  })
}
