import { WebhookError } from '../errors.ts'
import type { SecretInput } from '../model/secret.ts'
import type { Verifier } from '../model/verification.ts'
import { describeProvider, header } from './describe.ts'
import { insecureLegacySignature } from './devlink/legacy-signature.ts'
import { checks, envelopeTime, eventType, payloadOf, recordId, types } from './devlink/parse.ts'
import type { DevlinkEvents } from './devlink/types.ts'
import type { Provider } from './provider.ts'
import { optionsOf } from './shared/options.ts'

export type * from './devlink/types.ts'

/** Options of {@link devlink}: how its requests are to be proved, in one of two ways. */
export type DevlinkOptions =
  | {
      /**
       * A credential that you enter under "Custom Headers" of the webhook: `bearerToken({ token })`,
       * `sharedSecret({ header, secret })` or `basicAuth({ username, password })`. The better of the two ways.
       */
      readonly verifier: Verifier
      readonly secret?: undefined
      readonly insecureLegacySignature?: undefined
    }
  | {
      /** The webhook's `secret_key`. */
      readonly secret: SecretInput
      /**
       * Accept DevLink's own `X-Webhook-Signature`. It is base64 of `secret:body`, so every request discloses the
       * secret to whoever sees or logs it, and from then on that person can send anything. Use it only where the
       * connection is TLS from end to end and nothing on the way logs headers.
       */
      readonly insecureLegacySignature: true
      readonly verifier?: undefined
    }

/**
 * DevLink CRM: leads, appointments, files.
 *
 * **Warning.** DevLink's signature proves next to nothing and discloses its secret; see `insecureLegacySignature`.
 * Prefer a credential in a custom header.
 *
 * The type comes from `X-Webhook-Event`; the body is the bare record. The envelope
 * `{ event_type, payload, timestamp }` that DevLink's manual shows is understood as well. `id` is
 * `X-Webhook-Delivery-Id`. There is no attempt, and no time outside the envelope. DevLink waits 30 seconds unless told
 * otherwise.
 *
 * The button "Tester" sends without a signature, under the name `lead.created`: with `insecureLegacySignature` it is
 * refused (DevLink shows 401), with a custom header it arrives as `test.received`.
 *
 * Source: DevLink's "Webhook Management System".
 *
 * @throws {WebhookError} `invalid_option` when neither way is chosen, or both; `invalid_secret` for an empty secret.
 * @example
 * const provider = devlink({ verifier: bearerToken({ token }) })
 * createReceiver({ provider }).on('lead.created', ({ data }) => crm.addLead(data.nom, data.email))
 */
export function devlink(options: DevlinkOptions): Provider<DevlinkEvents> {
  optionsOf('devlink', options, ['verifier', 'secret', 'insecureLegacySignature'])
  return describeProvider<DevlinkEvents>({
    name: 'devlink',
    verifier: verifierOf(options),
    id: header('x-webhook-delivery-id'),
    type: eventType,
    types,
    time: envelopeTime,
    recordId,
    data: payloadOf,
    checks,
    timeoutSeconds: 27,
  })
}

function verifierOf(options: DevlinkOptions): Verifier {
  const { verifier, secret } = options
  const legacy: unknown = options.insecureLegacySignature
  if (verifier !== undefined) {
    if (secret === undefined && legacy === undefined) return verifier
    throw misuse('verifier', 'cannot be combined with secret and insecureLegacySignature: one of them would not count')
  }
  if (legacy === true) return insecureLegacySignature(secret)
  throw misuse(
    'insecureLegacySignature',
    "must be true to accept DevLink's signature, which discloses the secret. " +
      'Better: give a verifier for a custom header, such as bearerToken({ token })',
  )
}

function misuse(argument: string, problem: string): WebhookError {
  return new WebhookError('invalid_option', `devlink: ${argument} ${problem}`, { argument })
}
