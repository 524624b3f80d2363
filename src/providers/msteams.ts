import type { SecretInput } from '../model/secret.ts'
import { hmacSignature } from '../signatures/hmac-signature.ts'
import { describeProvider, path } from './describe.ts'
import type { Provider } from './provider.ts'
import type { OpenEvents } from './shared/open-events.ts'
import { optionsOf } from './shared/options.ts'

/** Options of {@link msteams}. */
export interface MsteamsOptions {
  /** The security token that was shown once when the outgoing webhook was created: base64, decoded here. */
  readonly securityToken: string | readonly string[]
}

/**
 * Microsoft Teams, outgoing webhook of a team: somebody mentions it, and waits for an answer.
 *
 * Proved by `Authorization: HMAC <base64>`, an HMAC-SHA256 over the body with the decoded token, without a time. The
 * handler answers with `reply({ type: 'message', text: '…' })`, within 5 seconds. `id` is the activity's id.
 *
 * @throws {WebhookError} `invalid_secret` for a missing token, or one that is not base64.
 * @example
 * const provider = msteams({ securityToken: process.env.TEAMS_TOKEN })
 * receiver.on('message.received', () => reply({ type: 'message', text: 'Noted' }))
 * @see Microsoft Learn, "Create an outgoing webhook".
 */
export function msteams(options: MsteamsOptions): Provider<OpenEvents> {
  const { securityToken } = optionsOf('msteams', options, ['securityToken'])
  const secret: SecretInput = securityToken
  return describeProvider<OpenEvents>({
    name: 'msteams',
    verifier: hmacSignature({
      secret,
      key: { decode: 'base64' },
      signature: { header: 'authorization', prefix: 'HMAC ' },
      encoding: 'base64',
    }),
    timeoutSeconds: 4.5,
    id: path('id'),
    type: path('type'),
    canonical: native => `${native}.received`,
    recordId: path('id'),
    time: path('timestamp'),
    expectsReply: () => true,
  })
}
