import * as z from 'zod/mini'
import { encodeBase64, utf8 } from '../../bytes/encoding.ts'
import { secret, text } from './settings.ts'

/** User name and password, or e-mail and API token. */
export interface BasicAuth {
  readonly type: 'basic'
  /** Without a colon. */
  readonly username: string
  readonly password: string
}

/** A token: OAuth access token, personal access token, bot token. */
export interface BearerAuth {
  readonly type: 'bearer'
  readonly token: string
}

/** A key, sent the way the target wants it. */
export interface ApiKeyAuth {
  readonly type: 'apiKey'
  readonly key: string
}

/** Where the credentials stand in settings; for `secretSettings`. */
export const AUTH_SECRETS: readonly string[] = ['auth.password', 'auth.token', 'auth.key']

/** Schema of {@link BasicAuth}. */
export const basicAuth = () =>
  z.strictObject({
    type: z.literal('basic'),
    username: text().check(z.refine(value => !value.includes(':'), 'must not contain a colon')),
    password: secret(),
  })

/** Schema of {@link BearerAuth}. */
export const bearerAuth = () => z.strictObject({ type: z.literal('bearer'), token: secret().check(headerSafe()) })

/** Schema of {@link ApiKeyAuth}. */
export const apiKeyAuth = () => z.strictObject({ type: z.literal('apiKey'), key: secret().check(headerSafe()) })

const headerSafe = () => z.refine<string>(value => /^[\x21-\x7e]+$/.test(value), 'has characters that no token has')

/** The value of an `Authorization` header (RFC 7617 in UTF-8, RFC 6750). */
export function authorization(auth: BasicAuth | BearerAuth): string {
  if (auth.type === 'bearer') return `Bearer ${auth.token}`
  return `Basic ${encodeBase64(utf8(`${auth.username}:${auth.password}`))}`
}
