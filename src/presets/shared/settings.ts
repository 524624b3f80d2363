import * as z from 'zod/mini'
import { nearestName } from '../../model/event-type.ts'
import { requireSecrets } from '../../model/secret.ts'
import type { SettingsResult } from '../preset.ts'
import { valueAt } from './value-at.ts'

/**
 * A check of settings that names the field at fault and never repeats its value. The schema is built on its first
 * use, so importing a preset costs nothing.
 */
export function settingsCheck<Settings>(
  build: () => z.ZodMiniType<Settings>,
  alsoCheck: (settings: Settings) => string | undefined = () => undefined,
): (input: unknown) => SettingsResult<Settings> {
  let schema: z.ZodMiniType<Settings> | undefined
  return input => {
    schema ??= build()
    const result = z.safeParse(schema, input ?? {})
    if (!result.success) return { ok: false, message: describe(result.error.issues[0], input ?? {}, schema) }
    const problem = alsoCheck(result.data)
    return problem === undefined ? { ok: true, value: result.data } : { ok: false, message: problem }
  }
}

function describe(issue: z.core.$ZodIssue | undefined, input: unknown, schema: unknown): string {
  if (issue === undefined) return 'settings: do not fit'
  const path = issue.path.map(String)
  const field = path.length === 0 ? 'settings' : path.join('.')
  if (issue.code === 'unrecognized_keys') return unknownKey(path, issue.keys, schema)
  if (issue.code === 'custom') return `${field} ${issue.message}`
  if (path.length > 0 && valueAt(input, path.join('.')) === undefined) return `${field} is missing`
  if (issue.code === 'invalid_value') return `${field} must be one of ${issue.values.map(String).join(', ')}`
  if (issue.code === 'invalid_type') return `${field} must be of type ${issue.expected}`
  if (issue.code === 'invalid_union' && 'options' in issue && Array.isArray(issue.options)) {
    return `${field} must be one of ${issue.options.map(String).join(', ')}`
  }
  return `${field} does not fit`
}

function unknownKey(path: readonly string[], keys: readonly string[], schema: unknown): string {
  const key = keys[0] ?? ''
  const known = path.length === 0 && schema instanceof z.ZodMiniObject ? Object.keys(schema.shape) : []
  const near = nearestName(key, known)
  const name = JSON.stringify([...path, key].join('.').slice(0, 100))
  return `${name} is not a setting here${near === undefined ? '' : `: did you mean ${near}?`}`
}

/** A text that is not blank and has no control characters. */
export function text(maxLength = 500): z.ZodMiniString {
  return z.string().check(
    z.refine(value => value.trim() !== '', { error: 'is empty', abort: true }),
    z.refine(value => !/\p{Cc}/u.test(value), 'has control characters in it'),
    z.refine(value => value.length <= maxLength, `is longer than ${maxLength} characters`),
  )
}

/** A credential: refused when empty, padded, or a placeholder that nobody filled in. */
export function secret(): z.ZodMiniString {
  return z.string().check(
    context => {
      try {
        requireSecrets('', context.value)
      } catch (error) {
        const message = error instanceof Error ? error.message.trim() : 'is no usable secret'
        context.issues.push({ code: 'custom', message, input: context.value })
      }
    },
    z.refine(value => !/\p{Cc}/u.test(value), 'has control characters in it'),
  )
}

/**
 * A URL that is used as it is. `hosts` are the exact hosts, or suffixes that begin with a full stop, that the
 * target answers on; without them any host is taken, and http beside https.
 */
export function url(hosts?: readonly string[]): z.ZodMiniString {
  return z.string().check(context => {
    const problem = urlProblem(context.value, hosts)
    if (problem !== undefined) context.issues.push({ code: 'custom', message: problem, input: context.value })
  })
}

function urlProblem(value: string, hosts: readonly string[] | undefined): string | undefined {
  if (/[\s\p{Cc}\\]/u.test(value) || !/^https?:\/\//i.test(value) || !URL.canParse(value)) {
    return 'must be an absolute URL that begins with https://'
  }
  const { protocol, hostname, username, password } = new URL(value)
  if (username !== '' || password !== '') return 'must not hold a user name or password: use auth'
  if (value.includes('#')) return 'must not have a fragment (#…)'
  if (hosts === undefined) return undefined
  if (protocol !== 'https:') return 'must begin with https://'
  const fits = hosts.some(host => hostname === host || (host.startsWith('.') && hostname.endsWith(host)))
  return fits ? undefined : `must be on ${hosts.join(' or ')}`
}

/**
 * A target's address: its short name (`acme`), its host (`acme.atlassian.net`) or, for installations of your own,
 * its base URL. {@link baseUrl} makes a URL of it.
 */
export function site(suffix: string, selfHosted: boolean): z.ZodMiniString {
  const forms = `a name (acme), a host (acme${suffix})${selfHosted ? ' or a base URL (https://…)' : ''}`
  return z.string().check(z.refine(value => siteUrl(value, suffix, selfHosted) !== undefined, `must be ${forms}`))
}

/** Base URL without a slash at the end, for a value that {@link site} let pass. */
export function baseUrl(value: string, suffix: string): string {
  return siteUrl(value, suffix, true) ?? ''
}

const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/i

function siteUrl(value: string, suffix: string, selfHosted: boolean): string | undefined {
  if (LABEL.test(value)) return `https://${value.toLowerCase()}${suffix}`
  const isHost = value.length <= 253 && value.includes('.') && value.split('.').every(label => LABEL.test(label))
  if (isHost) {
    const host = value.toLowerCase()
    return selfHosted || host.endsWith(suffix) ? `https://${host}` : undefined
  }
  if (!selfHosted || urlProblem(value, undefined) !== undefined || value.includes('?')) return undefined
  return value.endsWith('/') ? value.slice(0, -1) : value
}

/** JSON values by name, for fields that are added to the target's own. */
export function fieldTable(): z.ZodMiniOptional<z.ZodMiniRecord<z.ZodMiniString, z.ZodMiniUnknown>> {
  return z.optional(z.record(z.string(), z.unknown()))
}

/** Texts by name. */
export function textTable(): z.ZodMiniOptional<z.ZodMiniRecord<z.ZodMiniString, z.ZodMiniString>> {
  return z.optional(z.record(z.string(), z.string()))
}
