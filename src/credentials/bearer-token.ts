import { checkOptions } from '../model/known-fields.ts'
import type { SecretInput } from '../model/secret.ts'
import { withHeaders } from '../model/verification.ts'
import type { Credential } from './credential.ts'
import { headerBytes, headerText, secretMatcher } from './matches-secret.ts'
import { readCredential, wrongCredential } from './read-credential.ts'

/** Options of {@link bearerToken}. */
export interface BearerTokenOptions {
  /** Several during a rotation. */
  readonly token: SecretInput
}

/**
 * `Authorization: Bearer <token>` (RFC 6750).
 *
 * @throws {WebhookError} `invalid_secret`, `invalid_option`.
 * @example bearerToken({ token: process.env.RETELL_FUNCTION_TOKEN })
 */
export function bearerToken(options: BearerTokenOptions): Credential {
  checkOptions(options, ['token'], 'bearerToken')
  const matcher = secretMatcher('token', options.token)
  return {
    verify(request) {
      const given = readCredential(request, 'authorization')
      if (typeof given !== 'string') return given
      return /^bearer /i.test(given) && matcher.matches(headerBytes(given.slice(7))) ? { ok: true } : wrongCredential
    },
    authenticate: request => withHeaders(request, { authorization: `Bearer ${headerText(matcher.first)}` }),
  }
}
