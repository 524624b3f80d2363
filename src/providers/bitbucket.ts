import type { SecretInput } from '../model/secret.ts'
import { hmacSignature } from '../signatures/hmac-signature.ts'
import { describeProvider, firstOf, header, path } from './describe.ts'
import type { Provider } from './provider.ts'
import { optionsOf } from './shared/options.ts'

/** Options of {@link bitbucket}. */
export interface BitbucketOptions {
  /** The webhook's secret (repository settings → Webhooks). Without one Bitbucket signs nothing. */
  readonly secret: SecretInput
}

/**
 * Bitbucket Cloud.
 *
 * Proved by HMAC-SHA256 over the body (`X-Hub-Signature: sha256=…`), without a time. Id, type and attempt are the
 * headers `X-Request-UUID`, `X-Event-Key` and `X-Attempt-Number`, which are not signed. `pullrequest:created` becomes
 * `pullrequest.created`.
 *
 * @throws {WebhookError} `invalid_secret`.
 * @example const provider = bitbucket({ secret: process.env.BITBUCKET_WEBHOOK_SECRET })
 * @see Bitbucket Cloud support, "Event payloads" and "Manage webhooks".
 */
export function bitbucket(options: BitbucketOptions): Provider<Readonly<Record<string, Record<string, unknown>>>> {
  const { secret } = optionsOf('bitbucket', options, ['secret'])
  return describeProvider({
    name: 'bitbucket',
    verifier: hmacSignature({ secret, signature: { header: 'x-hub-signature', prefix: 'sha256=' } }),
    id: header('x-request-uuid'),
    type: header('x-event-key'),
    recordId: firstOf(path('comment.id'), path('pullrequest.id'), path('issue.id'), path('repository.uuid')),
    attempt: header('x-attempt-number'),
  })
}
