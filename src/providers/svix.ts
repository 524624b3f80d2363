import type { SecretInput } from '../model/secret.ts'
import { standardWebhooks } from '../signatures/standard-webhooks.ts'
import { describeProvider, firstOf, header, path } from './describe.ts'
import type { Provider } from './provider.ts'
import { optionsOf } from './shared/options.ts'

/** Options of {@link svix}. */
export interface SvixOptions {
  /** The endpoint's signing secret: `whsec_` and base64. */
  readonly secret: SecretInput
  /** Name of the sender, in lower case with hyphens. Default `svix`. */
  readonly name?: string
  /** How far the signed time may lie from now, in seconds. Default 300. */
  readonly toleranceSeconds?: number
  /** Where the body names its type, as a dotted path. Default `type`. */
  readonly typePath?: string
}

/**
 * Any sender that delivers through Svix.
 *
 * Proved as Standard Webhooks says, in the headers `svix-id`, `svix-timestamp` and `svix-signature`, or, where these are
 * missing, in `webhook-…`. The id is `svix-id`, the same over retries. No retry counter.
 *
 * @throws {WebhookError} `invalid_secret`.
 * @example const provider = svix({ name: 'acme', secret: process.env.ACME_WEBHOOK_SECRET })
 * @see Svix documentation, "Verifying webhooks manually".
 */
export function svix(options: SvixOptions): Provider<Readonly<Record<string, Record<string, unknown>>>> {
  const {
    secret,
    name = 'svix',
    toleranceSeconds = 300,
    typePath = 'type',
  } = optionsOf('svix', options, ['secret', 'name', 'toleranceSeconds', 'typePath'])
  return describeProvider({
    name,
    verifier: standardWebhooks({ secret, headerPrefix: 'svix', toleranceSeconds }),
    id: firstOf(header('svix-id'), header('webhook-id')),
    type: path(typePath),
    recordId: path('data.id'),
    time: path('timestamp'),
  })
}
