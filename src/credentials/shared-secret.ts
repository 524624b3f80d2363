import { WebhookError } from '../errors.ts'
import { checkOptions } from '../model/known-fields.ts'
import type { SecretInput } from '../model/secret.ts'
import { withHeaders } from '../model/verification.ts'
import type { Credential } from './credential.ts'
import { headerBytes, headerText, secretMatcher } from './matches-secret.ts'
import { readCredential, wrongCredential } from './read-credential.ts'

/** Options of {@link sharedSecret}. */
export interface SharedSecretOptions {
  /** The header that the sender puts the secret into: `X-Webhook-Secret`. */
  readonly header: string
  /** Several during a rotation. */
  readonly secret: SecretInput
}

/**
 * A secret that the sender puts into a header as it is. Proves the caller, not the body: whoever sees one request
 * can send others.
 *
 * @throws {WebhookError} `invalid_secret` when it is empty or a placeholder that nobody filled in; `invalid_option`.
 * @example sharedSecret({ header: 'x-webhook-secret', secret: process.env.DAKTELA_SECRET })
 */
export function sharedSecret(options: SharedSecretOptions): Credential {
  checkOptions(options, ['header', 'secret'], 'sharedSecret')
  const { header, secret } = options
  if (typeof header !== 'string' || !/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(header)) {
    throw new WebhookError('invalid_option', 'header must be the name of a header', { argument: 'header' })
  }
  const matcher = secretMatcher('secret', secret)
  return {
    confidential: { headers: [header] },
    verify(request) {
      const given = readCredential(request, header)
      if (typeof given !== 'string') return given
      return matcher.matches(headerBytes(given)) ? { ok: true } : wrongCredential
    },
    authenticate: request => withHeaders(request, { [header]: headerText(matcher.first) }),
  }
}
