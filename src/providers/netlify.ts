import type { SecretInput } from '../model/secret.ts'
import { jwtSignature } from '../signatures/jwt-signature.ts'
import { afterEntity, canonicalType, describeProvider, header, join, path } from './describe.ts'
import type { Provider } from './provider.ts'
import type { OpenEvents } from './shared/open-events.ts'
import { optionsOf } from './shared/options.ts'

/** Options of {@link netlify}. */
export interface NetlifyOptions {
  /** The "JWS secret token" of the deploy notification. */
  readonly secret: SecretInput
}

/**
 * Netlify: deploys and form submissions.
 *
 * Proved by a JWT in `X-Webhook-Signature` (HS256, issuer `netlify`) that holds the SHA-256 of the body; it does not
 * expire. The type is the header `X-Netlify-Event`, which is not signed: `deploy_created` → `deploy.created`. `id` is
 * the type with the id and the last change of the deploy or submission.
 *
 * @throws {WebhookError} `invalid_secret`.
 * @example const provider = netlify({ secret: process.env.NETLIFY_JWS_SECRET })
 * @see Netlify documentation, "Deploy notifications", section "Payload signature".
 */
export function netlify(options: NetlifyOptions): Provider<OpenEvents> {
  const { secret } = optionsOf('netlify', options, ['secret'])
  return describeProvider<OpenEvents>({
    name: 'netlify',
    verifier: jwtSignature({
      secret,
      from: { header: 'x-webhook-signature' },
      issuer: 'netlify',
      bodyHashClaim: 'sha256',
    }),
    id: join(':', header('x-netlify-event'), path('id'), path('updated_at')),
    idSource: 'composite',
    type: header('x-netlify-event'),
    canonical: native => afterEntity(['deploy', 'submission', 'split_test'])(canonicalType(native)),
    recordId: path('id'),
    time: path('updated_at'),
  })
}
