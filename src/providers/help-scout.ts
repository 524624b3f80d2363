import type { SecretInput } from '../model/secret.ts'
import { hmacSignature } from '../signatures/hmac-signature.ts'
import { describeProvider, header, path } from './describe.ts'
import type { Provider } from './provider.ts'
import { optionsOf } from './shared/options.ts'

/** Options of {@link helpScout}. */
export interface HelpScoutOptions {
  /** The secret that you chose for the webhook. */
  readonly secret: SecretInput
}

/**
 * Help Scout.
 *
 * Proved by HMAC-SHA1 (base64) over the body, without a time. The type is the header `X-HelpScout-Event`
 * (`convo.created`, `customer.created`, `satisfaction.ratings`), which is not signed. There is no delivery id: the
 * type and the SHA-256 of the body are used, since one change may bring two events with the same body.
 *
 * @throws {WebhookError} `invalid_secret`.
 * @example const provider = helpScout({ secret: process.env.HELPSCOUT_WEBHOOK_SECRET })
 * @see Help Scout developer documentation, "Webhooks".
 */
export function helpScout(options: HelpScoutOptions): Provider<Readonly<Record<string, Record<string, unknown>>>> {
  const { secret } = optionsOf('help-scout', options, ['secret'])
  return describeProvider({
    name: 'help-scout',
    verifier: hmacSignature({
      secret,
      algorithm: 'sha1',
      signature: { header: 'x-helpscout-signature' },
      encoding: 'base64',
    }),
    id: input => `${header('x-helpscout-event')(input)}:${input.bodyDigest()}`,
    idSource: 'digest',
    type: header('x-helpscout-event'),
    recordId: path('id'),
  })
}
