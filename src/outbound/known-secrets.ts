import { encodeBase64, utf8 } from '../bytes/encoding.ts'
import type { Endpoint } from '../model/endpoint.ts'
import { valueAt } from '../presets/shared/value-at.ts'
import { isSecretName, MASK, secretsInUrl } from '../storage/exchange-log/index.ts'
import type { SignedAttempt } from './attempt.ts'
import type { PresetTable } from './render.ts'

/** Shorter texts stand everywhere; taking them out would garble what is left. */
const MIN_LENGTH = 6

const found = new WeakMap<Endpoint, readonly string[]>()

/**
 * Takes an endpoint's own credentials, and those of the request, out of what the other side says: many servers repeat
 * what they were sent.
 */
export function withoutSecrets(
  text: string,
  endpoint: Endpoint,
  presets: PresetTable,
  request: SignedAttempt | undefined,
): string {
  if (text === '') return text
  let secrets = found.get(endpoint)
  if (secrets === undefined) {
    secrets = secretsOf(endpoint, presets)
    found.set(endpoint, secrets)
  }
  return takeOut(takeOut(text, request === undefined ? [] : headerSecrets(request)), secrets)
}

function takeOut(text: string, secrets: readonly string[]): string {
  return secrets.reduce((left, secret) => (left.includes(secret) ? left.replaceAll(secret, MASK) : left), text)
}

/** Values of headers that a preset or a scheme has made, and that are confidential. */
function headerSecrets({ headers, confidential }: SignedAttempt): readonly string[] {
  if (confidential === undefined) return []
  const names = new Set(confidential.headers.map(name => name.toLowerCase()))
  return Object.keys(headers)
    .filter(name => names.has(name.toLowerCase()) || isSecretName(name, 'header'))
    .map(name => withoutKind(headers[name] ?? ''))
    .filter(value => value.length >= MIN_LENGTH)
}

/** A header's value without the word for the kind of credential. */
function withoutKind(value: string): string {
  return value.replace(/^[A-Za-z]+ /, '')
}

function secretsOf({ secrets, auth, headers, url, preset }: Endpoint, presets: PresetTable): readonly string[] {
  const known = preset && presets.get(preset.name)
  const urls = [url, ...Object.values(preset?.settings ?? {})].filter(value => typeof value === 'string')
  const settings = (known?.secretSettings ?? []).flatMap(path => urlForms(valueAt(preset?.settings, path)))
  const inHeaders = Object.entries(headers).filter(([name]) => isSecretName(name, 'header'))
  const own = inHeaders.flatMap(([, value]) => [value, withoutKind(value)])
  const all = [
    ...secrets.map(({ value }) => value),
    ...authForms(auth),
    ...own,
    ...urls.flatMap(secretsInUrl),
    ...settings,
  ]
  const longest = [...new Set(all)].filter(text => text.length >= MIN_LENGTH).sort((a, b) => b.length - a.length)
  return longest.flatMap(text => [...new Set([text, JSON.stringify(text).slice(1, -1)])])
}

function authForms(auth: Endpoint['auth']): readonly string[] {
  switch (auth.type) {
    case 'none':
      return []
    case 'basic':
      return [auth.password, encodeBase64(utf8(`${auth.username}:${auth.password}`))]
    case 'bearer':
      return [auth.token]
    case 'apiKey':
      return [auth.key]
  }
}

/** Of a URL that is a credential, the end alone is one too. */
function urlForms(value: unknown): readonly string[] {
  if (typeof value !== 'string') return []
  const isUrl = /^https?:\/\//i.test(value)
  return isUrl ? [value, value.slice(value.lastIndexOf('/') + 1), value.slice(value.lastIndexOf('=') + 1)] : [value]
}
