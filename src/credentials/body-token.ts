import { decodeUtf8, utf8 } from '../bytes/encoding.ts'
import { readForm } from '../bytes/form.ts'
import { parseJson } from '../bytes/json.ts'
import { WebhookError } from '../errors.ts'
import { checkOptions } from '../model/known-fields.ts'
import type { SecretInput } from '../model/secret.ts'
import { refuse } from '../model/verification.ts'
import type { Credential } from './credential.ts'
import { secretMatcher } from './matches-secret.ts'
import { wrongCredential } from './read-credential.ts'

/** Options of {@link bodyToken}. */
export interface BodyTokenOptions {
  /** Where the token stands: a dotted path in a JSON body, or the name of a form field. */
  readonly path: string
  /** Several during a rotation. */
  readonly token: SecretInput
  /** How the body is written. Default `json`. */
  readonly format?: 'json' | 'form'
}

/**
 * A secret that the sender puts into the body as it is (Aircall, Mattermost). Proves the caller, not the body.
 *
 * @throws {WebhookError} `invalid_secret`, or `invalid_option` for an empty path.
 * @example bodyToken({ path: 'token', token: process.env.AIRCALL_TOKEN })
 */
export function bodyToken(options: BodyTokenOptions): Credential {
  checkOptions(options, ['path', 'token', 'format'], 'bodyToken')
  const { path, token, format = 'json' } = options
  if (typeof path !== 'string' || path === '') {
    throw new WebhookError('invalid_option', 'path must say where the token stands', { argument: 'path' })
  }
  const matcher = secretMatcher('token', token)
  const read = format === 'form' ? readField : readPath
  return {
    confidential: { bodyPaths: [path] },
    verify({ body }) {
      const given = read(body, path)
      if (given === undefined) return refuse('missing_credential', `the body has no text at ${path}`)
      return matcher.matches(given) ? { ok: true } : wrongCredential
    },
    authenticate(request) {
      const body = (format === 'form' ? withField : withPath)(request.body, path, matcher.first)
      return { ...request, body: utf8(body) }
    },
  }
}

function readPath(body: Uint8Array, path: string): string | undefined {
  const json = parseJson(body)
  let at: unknown = json.ok ? json.value : undefined
  for (const key of path.split('.')) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, key)) return undefined
    at = (at as Record<string, unknown>)[key]
  }
  return typeof at === 'string' ? at : undefined
}

function readField(body: Uint8Array, name: string): string | undefined {
  const form = readForm(body)
  const values = form.ok ? form.fields.getAll(name) : []
  return values.length === 1 ? values[0] : undefined
}

function withPath(body: Uint8Array, path: string, token: string): string {
  const json = parseJson(body)
  const root = json.ok ? json.value : {}
  const keys = path.split('.')
  const last = keys.pop() ?? path
  let at = root as Record<string, unknown>
  for (const key of keys) {
    at[key] ??= {}
    at = at[key] as Record<string, unknown>
  }
  at[last] = token
  return JSON.stringify(root)
}

function withField(body: Uint8Array, name: string, token: string): string {
  const fields = new URLSearchParams(decodeUtf8(body) ?? '')
  fields.set(name, token)
  return fields.toString()
}
