import { utf8 } from '../bytes/encoding.ts'
import { systemClock } from '../clock.ts'
import { WebhookError } from '../errors.ts'
import type { WebhookRequest } from '../model/http.ts'
import { checkOptions, type FieldTable } from '../model/known-fields.ts'
import type { AnyProvider } from '../providers/provider.ts'
import type { ProviderFixtures, RequestFixture } from './fixtures.ts'

/** Changes to a sample request, made before it is signed. */
export interface RequestOverrides {
  /** An object is merged, deeply, into the sample's JSON body; bytes, text and anything else take its place. */
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
  readonly method?: string
  readonly url?: string
  readonly remoteAddress?: string
  /** When it is sent, in milliseconds since the epoch. Default: now. */
  readonly now?: number
}

const OVERRIDES: FieldTable<RequestOverrides> = {
  body: true,
  headers: true,
  method: true,
  url: true,
  remoteAddress: true,
  now: true,
}

/**
 * A request as the provider's sender would send it: realistic, and signed with the secrets that the provider was
 * built with.
 *
 * @param type canonical type of the sample. Default: the provider's first sample. See {@link sampleTypes}.
 * @throws {WebhookError} `unsupported` when there is no such sample and no `body`, or when the provider cannot sign;
 * `invalid_option` for what is no provider, and for an override that is not known.
 * @example
 * const request = await signedRequest(calcom({ secret: 'test-secret' }), 'booking.created', {
 *   body: { payload: { title: 'Demo' } },
 * })
 * const response = await receiver.receive(request)
 */
export async function signedRequest(
  provider: AnyProvider,
  type?: string,
  overrides: RequestOverrides = {},
): Promise<WebhookRequest> {
  checkProvider('signedRequest', provider)
  checkOptions(overrides, Object.keys(OVERRIDES), 'signedRequest', 'overrides')
  const fixtures = await loadFixtures(provider.name)
  const sample = findSample(provider, fixtures, type, overrides)
  const now = overrides.now ?? systemClock.now()
  const draft: WebhookRequest = {
    method: overrides.method ?? sample.method ?? 'POST',
    url: overrides.url ?? sample.url ?? `https://hooks.example.com/${provider.name}`,
    headers: { 'content-type': 'application/json', ...lowerCased(sample.headers), ...lowerCased(overrides.headers) },
    body: toBytes('body' in overrides ? merge(sample.body, overrides.body) : sample.body),
    ...(overrides.remoteAddress !== undefined && { remoteAddress: overrides.remoteAddress }),
  }
  if (provider.authenticate) return provider.authenticate(draft, { now })
  if (fixtures?.authenticate) return fixtures.authenticate(draft, now)
  throw new WebhookError('unsupported', `signedRequest: ${provider.name} holds no key that could sign a request`)
}

/** The canonical types that {@link signedRequest} has samples of. */
export async function sampleTypes(provider: AnyProvider): Promise<readonly string[]> {
  checkProvider('sampleTypes', provider)
  return Object.keys((await loadFixtures(provider.name))?.requests ?? {})
}

/** A request in Web form, for hosts that take one. */
export function toWebRequest(request: WebhookRequest): Request {
  const { method, url, headers, body } = request
  const withBody = method !== 'GET' && method !== 'HEAD'
  return new Request(url, {
    method,
    headers: headers as HeadersInit,
    ...(withBody && { body: body.slice() }),
  })
}

/** The samples of a provider; `undefined` for one of your own. */
export async function loadFixtures(name: string): Promise<ProviderFixtures | undefined> {
  if (!/^[a-z0-9-]+$/.test(name)) return undefined
  try {
    const module = (await import(`./fixtures/${name}.ts`)) as { readonly fixtures: ProviderFixtures }
    return module.fixtures
  } catch {
    return undefined
  }
}

function checkProvider(where: string, provider: AnyProvider): void {
  if (typeof provider?.verify === 'function' && typeof provider.parse === 'function') return
  const hint = typeof provider === 'function' ? '. Was the factory called?' : ''
  const message = `${where}: provider must be a provider, such as calcom({ … }), and no receiver${hint}`
  throw new WebhookError('invalid_option', message, { argument: 'provider' })
}

function findSample(
  provider: AnyProvider,
  fixtures: ProviderFixtures | undefined,
  type: string | undefined,
  overrides: RequestOverrides,
): RequestFixture {
  const samples = fixtures?.requests ?? {}
  const name = type ?? Object.keys(samples)[0]
  if (name !== undefined && Object.hasOwn(samples, name)) {
    const sample = samples[name]
    if (sample !== undefined) return sample
  }
  if ('body' in overrides) return { body: overrides.body }
  const known = Object.keys(samples).join(', ')
  const hint = known === '' ? 'Give the body as an override.' : `There are: ${known}.`
  throw new WebhookError('unsupported', `signedRequest: no sample of ${provider.name} for '${name ?? ''}'. ${hint}`, {
    argument: 'type',
  })
}

function toBytes(body: unknown): Uint8Array {
  if (body instanceof Uint8Array) return body
  return utf8(typeof body === 'string' ? body : JSON.stringify(body))
}

function merge(sample: unknown, change: unknown): unknown {
  if (!isPlainObject(sample) || !isPlainObject(change)) return change
  const merged: Record<string, unknown> = { ...sample }
  for (const [key, value] of Object.entries(change)) merged[key] = merge(merged[key], value)
  return merged
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array)
}

function lowerCased(headers: Readonly<Record<string, string>> | undefined): Record<string, string> {
  return Object.fromEntries(Object.entries(headers ?? {}).map(([name, value]) => [name.toLowerCase(), value]))
}
