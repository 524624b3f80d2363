import { decodeBase64, encodeBase64, utf8 } from '../bytes/encoding.ts'
import { WebhookError } from '../errors.ts'
import { checkOptions } from '../model/known-fields.ts'
import { withHeaders } from '../model/verification.ts'
import type { Credential } from './credential.ts'
import { secretMatcher } from './matches-secret.ts'
import { readCredential, wrongCredential } from './read-credential.ts'

/** User name and password. `undefined` is refused: it is taken by the compiler for `process.env.NAME`. */
export interface BasicCredentials {
  readonly username: string | undefined
  readonly password: string | undefined
}

/** Options of {@link basicAuth}: one pair, or several during a rotation. */
export type BasicAuthOptions = BasicCredentials | readonly BasicCredentials[]

/**
 * HTTP Basic (RFC 7617), as UTF-8.
 *
 * @throws {WebhookError} `invalid_secret` when a part is empty, `invalid_option` for a user name with a colon,
 * or a part that is not known.
 * @example basicAuth({ username: 'pipedrive', password: process.env.PIPEDRIVE_PASSWORD })
 */
export function basicAuth(options: BasicAuthOptions): Credential {
  const pairs = isList(options) ? options : [options]
  const matcher = secretMatcher('basicAuth', pairs.map(toUserPass))
  return {
    verify(request) {
      const given = readCredential(request, 'authorization')
      if (typeof given !== 'string') return given
      const [scheme = '', token = ''] = given.split(' ', 2)
      const bytes =
        scheme.toLowerCase() === 'basic' && given.length === scheme.length + 1 + token.length
          ? decodeBase64(token)
          : undefined
      return bytes !== undefined && matcher.matches(bytes) ? { ok: true } : wrongCredential
    },
    authenticate: request => withHeaders(request, { authorization: `Basic ${encodeBase64(utf8(matcher.first))}` }),
  }
}

function isList(options: BasicAuthOptions): options is readonly BasicCredentials[] {
  return Array.isArray(options)
}

function toUserPass(pair: BasicCredentials): string {
  checkOptions(pair, ['username', 'password'], 'basicAuth', 'basicAuth')
  const { first: username } = secretMatcher('basicAuth.username', pair.username)
  const { first: password } = secretMatcher('basicAuth.password', pair.password)
  if (username.includes(':')) {
    throw new WebhookError('invalid_option', 'basicAuth.username must not contain a colon', {
      argument: 'basicAuth.username',
    })
  }
  return `${username}:${password}`
}
