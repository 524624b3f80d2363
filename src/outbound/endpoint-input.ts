import type { Endpoint, EndpointAuth, EnvelopeName } from '../model/endpoint.ts'
import type { FieldTable } from '../model/known-fields.ts'
import type { Logger } from '../model/logger.ts'
import type { RetryPolicyInput } from '../retry/retry-policy.ts'
import { validateRetryPolicy } from '../retry/validate.ts'
import { generateSecret } from '../signatures/standard-webhooks.ts'
import { MASK } from '../storage/exchange-log/index.ts'
import { compileTemplate } from '../templates/template.ts'
import type { AddressGuard } from '../transports/address-guard.ts'
import { checkPattern, type EventCatalogue } from './catalogue.ts'
import { checkFields, checkText, inRange, invalid, oneOf, wholeInRange } from './endpoint-fields.ts'
import { checkSecret, readAuth, readSignature } from './endpoint-proof.ts'
import { ENVELOPE_NAMES } from './envelopes.ts'
import { checkHeaderName, checkHeaders } from './headers.ts'
import type { PresetTable } from './render.ts'
import type { SigningScheme } from './signing.ts'

/** What an endpoint is made of, as its owner gives it. */
export interface EndpointInput {
  readonly name: string
  /** Optional where the preset's settings have it. */
  readonly url?: string | undefined
  readonly description?: string | undefined
  /** Patterns: `lead.*`, `*.created`, `*`. */
  readonly events: readonly string[]
  /** Only events that tell of a change of one of these fields. */
  readonly when?: { readonly changed: readonly string[] } | undefined
  /** Default `POST`. */
  readonly method?: Endpoint['method'] | undefined
  readonly headers?: Readonly<Record<string, string>> | undefined
  readonly auth?: EndpointAuth | undefined
  /** A scheme by name, or with the header to use. Default `standard`; `none` with a preset. */
  readonly signature?: string | Endpoint['signature'] | undefined
  /** Default: a new one, shown once by `create`. */
  readonly secret?: string | undefined
  /** Default `standard`. A preset or a template makes the body itself, and goes with no other one. */
  readonly envelope?: EnvelopeName | undefined
  readonly preset?: { readonly name: string; readonly settings?: Readonly<Record<string, unknown>> } | undefined
  /** A JSON document with placeholders. */
  readonly template?: string | Readonly<Record<string, unknown>> | undefined
  /** A named schedule, a list of seconds, or a policy. Default `default`: ten attempts over about three days. */
  readonly retry?: RetryPolicyInput | undefined
  /** 1 to 120. Default 30. */
  readonly timeoutSeconds?: number | undefined
  /**
   * The pace of each worker process: after a rest a burst of `limit` requests, and meanwhile and from then on one every
   * `perSeconds / limit` seconds. So 10 per 60 seconds sends up to 19 in the first minute, and then 10 in each.
   */
  readonly rateLimit?: { readonly limit: number; readonly perSeconds: number } | undefined
  /**
   * Requests at the same time, by each worker process, while it answers within `worker.slowAfterMilliseconds` (250). One
   * that answers more slowly gets one at a time. Default 10.
   */
  readonly maxInFlight?: number | undefined
  /** `subject` sends events of one subject one at a time, in order. Default `none`. */
  readonly ordering?: Endpoint['ordering'] | undefined
  readonly tenant?: string | undefined
  readonly metadata?: Readonly<Record<string, string>> | undefined
}

const FIELD_TABLE: FieldTable<EndpointInput> = {
  name: true,
  url: true,
  description: true,
  events: true,
  when: true,
  method: true,
  headers: true,
  auth: true,
  signature: true,
  secret: true,
  envelope: true,
  preset: true,
  template: true,
  retry: true,
  timeoutSeconds: true,
  rateLimit: true,
  maxInFlight: true,
  ordering: true,
  tenant: true,
  metadata: true,
}

/** The fields that an endpoint can be given. */
export const ENDPOINT_FIELDS: readonly string[] = Object.keys(FIELD_TABLE)

/** Those that have fields of their own. What stands in `headers`, `metadata`, `template` and settings is the owner's. */
const NESTED: Readonly<Record<string, readonly string[]>> = {
  when: ['changed'],
  signature: ['scheme', 'header'],
  preset: ['name', 'settings'],
  rateLimit: ['limit', 'perSeconds'],
}

/** What an endpoint is checked against. */
export interface EndpointRules {
  readonly catalogue: EventCatalogue | undefined
  readonly presets: PresetTable
  readonly schemes: Readonly<Record<string, SigningScheme>>
  readonly guard: AddressGuard
  readonly logger: Logger
}

/** The part of an endpoint that its owner decides. */
export type EndpointSettings = Omit<
  Endpoint,
  'id' | 'status' | 'disabledReason' | 'disabledAtMs' | 'failingSinceMs' | 'probeAtMs' | 'createdAtMs' | 'updatedAtMs'
>

/** Stands where the preset's settings have the address. */
export const NO_URL = 'https://preset.invalid/'

/**
 * @param isMoved whether its address is to be looked up: not when it was, and has stayed the same.
 * @throws {WebhookError} `invalid_endpoint`, naming the field and what is wrong with it.
 */
export async function checkEndpoint(
  input: EndpointInput,
  rules: EndpointRules,
  isMoved = true,
): Promise<EndpointSettings> {
  checkShape(input)
  const signature = readSignature(input, rules)
  const signatureHeader = signature.header ?? rules.schemes[signature.scheme]?.header ?? ''
  const secret = input.secret ?? generateSecret()
  checkSecret(secret, signature, rules)
  checkText('name', input.name, 1, 200)
  if (input.description !== undefined) checkText('description', input.description, 0, 2_000)
  if (input.tenant !== undefined) checkText('tenant', input.tenant, 1, 200)
  checkEvents(input, rules)
  const auth = readAuth(input.auth ?? { type: 'none' }, signatureHeader)
  const problem = checkHeaders(input.headers ?? {}, signatureHeader)
  if (problem !== undefined) throw invalid('headers', problem)
  const retry = validateRetryPolicy(input.retry ?? 'default')
  // Its message begins with the field.
  if (!retry.ok) throw invalid(retry.field, retry.message.slice(retry.field.length + 1))
  if (signature.scheme.startsWith('insecure-')) {
    rules.logger.warn('webhook endpoint with a signature that discloses its secret', { scheme: signature.scheme })
  }
  const target = readTarget(input, signatureHeader, rules)
  if (isMoved) await checkAddress(target, rules)
  return {
    tenant: input.tenant,
    name: input.name,
    url: input.url ?? NO_URL,
    description: input.description,
    events: [...new Set(input.events)],
    when: input.when && { changed: [...input.when.changed] },
    method: oneOf('method', input.method ?? 'POST', ['POST', 'PUT', 'PATCH']),
    headers: { ...input.headers },
    auth,
    signature,
    secrets: [{ value: secret }],
    envelope: readEnvelope(input),
    preset: input.preset && { name: input.preset.name, settings: { ...input.preset.settings } },
    template: readTemplate(input),
    retry: input.retry ?? 'default',
    timeoutSeconds: inRange('timeoutSeconds', input.timeoutSeconds ?? 30, 1, 120),
    rateLimit: readRateLimit(input),
    maxInFlight: wholeInRange('maxInFlight', input.maxInFlight ?? 10, 1, 1_000),
    ordering: oneOf('ordering', input.ordering ?? 'none', ['none', 'subject']),
    metadata: readMetadata(input.metadata ?? {}),
  }
}

/** What is written in JavaScript may be anything. */
function checkShape(input: unknown): void {
  if (typeof input !== 'object' || input === null) throw invalid('input', 'must be an object')
  for (const [field, value] of Object.entries(input)) {
    if (value === null) throw invalid(field, 'is null: leave it out instead')
    const nested = ['when', 'preset', 'rateLimit'].includes(field) && value !== undefined
    if (nested && (typeof value !== 'object' || Array.isArray(value))) throw invalid(field, 'must be an object')
  }
  checkFields(input, ENDPOINT_FIELDS)
  for (const [field, known] of Object.entries(NESTED)) {
    const value: unknown = Reflect.get(input, field)
    if (typeof value === 'object' && value !== null) checkFields(value, known, field)
  }
}

/** Where it leads: its own URL, or its preset's. */
function readTarget({ url, preset }: EndpointInput, signatureHeader: string, { presets }: EndpointRules): string {
  const known = preset && presets.get(preset.name)
  if (preset !== undefined && known === undefined) {
    throw invalid(
      'preset.name',
      `'${preset.name}' is not registered; there are: ${[...presets.keys()].join(', ') || 'none'}`,
    )
  }
  if (url !== undefined && typeof url !== 'string') throw invalid('url', 'must be text')
  if (url?.includes(MASK)) throw invalid('url', 'has a masked part: give it in full, or leave it out')
  if (preset !== undefined && known !== undefined) {
    const settings = known.settings(preset.settings ?? {})
    if (!settings.ok) throw invalid('preset.settings', settings.message)
    const event = { id: 'evt_check', type: 'check', timestamp: '2026-01-01T00:00:00.000Z', data: {} }
    const made = known.request({ event, deliveryId: 'evt_check_0', attempt: 1 }, settings.value)
    for (const name of Object.keys(made.headers)) {
      const problem = checkHeaderName(name, signatureHeader)
      if (problem !== undefined) throw invalid('preset.settings', `headers: ${problem}`)
    }
    return made.url
  }
  if (url === undefined) throw invalid('url', 'is missing')
  return url
}

async function checkAddress(target: string, { guard }: EndpointRules): Promise<void> {
  const checked = await guard.check(target)
  if (!checked.ok) throw invalid('url', `is refused (${checked.code}): ${checked.message}`)
}

function checkEvents({ events, when }: EndpointInput, { catalogue }: EndpointRules): void {
  if (!Array.isArray(events) || events.length === 0)
    throw invalid('events', 'must be a list of patterns, such as ["lead.*"]')
  if (events.length > 100) throw invalid('events', 'must not have more than 100 patterns')
  events.forEach((pattern: unknown, i) => {
    const problem = checkPattern(pattern, catalogue)
    if (problem !== undefined) throw invalid(`events[${i}]`, problem)
  })
  if (when === undefined) return
  const { changed } = when
  if (
    !Array.isArray(changed) ||
    changed.length === 0 ||
    changed.some(field => typeof field !== 'string' || field === '')
  ) {
    throw invalid('when.changed', 'must be a list of field names')
  }
}

function readEnvelope({ envelope = 'standard', preset, template }: EndpointInput): EnvelopeName {
  oneOf('envelope', envelope, ENVELOPE_NAMES)
  const other = preset !== undefined ? 'preset' : template !== undefined ? 'template' : undefined
  if (other !== undefined && envelope !== 'standard') throw invalid('envelope', `cannot be combined with a ${other}`)
  return envelope
}

function readTemplate({ template, preset }: EndpointInput): string | undefined {
  if (template === undefined) return undefined
  if (preset !== undefined) throw invalid('template', 'cannot be combined with a preset')
  let text: string | undefined
  try {
    text = typeof template === 'string' ? template : JSON.stringify(template)
    const [mistake] = compileTemplate(text).mistakes
    if (mistake !== undefined) throw new Error(mistake)
  } catch (error) {
    const problem = error instanceof Error ? error.message : 'is no JSON document'
    throw invalid('template', problem.replace(/^template: /, ''))
  }
  if (text === undefined || text.length > 65_536) throw invalid('template', 'is larger than 64 KiB')
  return text
}

function readRateLimit({ rateLimit }: EndpointInput): Endpoint['rateLimit'] {
  if (rateLimit === undefined) return undefined
  return {
    limit: wholeInRange('rateLimit.limit', rateLimit.limit, 1, 10_000),
    perSeconds: inRange('rateLimit.perSeconds', rateLimit.perSeconds, 1, 86_400),
  }
}

function readMetadata(metadata: unknown): Readonly<Record<string, string>> {
  if (typeof metadata !== 'object' || metadata === null || Array.isArray(metadata))
    throw invalid('metadata', 'must be an object')
  const entries = Object.entries(metadata)
  if (entries.length > 50 || entries.some(([, value]) => typeof value !== 'string' || value.length > 500)) {
    throw invalid('metadata', 'must have at most 50 texts of at most 500 characters')
  }
  return Object.fromEntries(entries) as Record<string, string>
}
