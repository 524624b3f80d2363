import * as z from 'zod/mini'
import { WebhookError } from '../errors.ts'
import { HEADER_NAME, isProtectedHeader } from '../model/header-names.ts'
import { compileTemplate } from '../templates/template.ts'
import { definePreset, type Preset, type PresetInput, type PresetResponse } from './preset.ts'
import {
  type ApiKeyAuth,
  AUTH_SECRETS,
  apiKeyAuth,
  authorization,
  type BasicAuth,
  type BearerAuth,
  basicAuth,
  bearerAuth,
} from './shared/auth.ts'
import { type FieldTable, withFields } from './shared/fields.ts'
import { type Failure, judge } from './shared/judge.ts'
import { checkPresetOptions } from './shared/preset-options.ts'
import { jsonRequest } from './shared/request.ts'
import { bodyErrorText, externalId, parseBody, semanticError } from './shared/response-body.ts'
import { caseVariables, toServiceCase } from './shared/service-case.ts'
import { fieldTable, settingsCheck, textTable, url } from './shared/settings.ts'
import { cleanLine } from './shared/text.ts'
import { dropAbsent, isRecord, valueAt } from './shared/value-at.ts'

/** Settings of an endpoint that calls any REST interface. */
export interface GenericSettings {
  readonly url: string
  /** Default `POST`. */
  readonly method?: 'POST' | 'PUT' | 'PATCH' | undefined
  /** More headers; their values may hold placeholders. */
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** Default: none. An API key goes into `apiKeyHeader`. */
  readonly auth?: BasicAuth | BearerAuth | ApiKeyAuth | undefined
  /** Default `X-API-Key`. */
  readonly apiKeyHeader?: string | undefined
  /** The body as a template: JSON text, or a JSON value. Default: the case in neutral names. */
  readonly template?: unknown
  readonly fields?: FieldTable | undefined
  /** Statuses that mean success. Default: 200 to 299. */
  readonly successStatuses?: readonly number[] | undefined
  /** Whether an error in the body of a success counts as a failure. Default true. */
  readonly checkBody?: boolean | undefined
  /** Dotted path of the id in the answer: `result.number`. Default: the usual places. */
  readonly idPath?: string | undefined
  /** Dotted path of the error text in an answer. Default: the usual places. */
  readonly errorPath?: string | undefined
}

/** What the preset for any REST interface can be built with. */
export interface GenericOptions {
  /** Registers the preset under another name. Default `generic`. */
  readonly name?: string
  readonly fields?: FieldTable
}

const checkSettings = settingsCheck<GenericSettings>(
  () =>
    z.strictObject({
      url: url(),
      method: z.optional(z.enum(['POST', 'PUT', 'PATCH'])),
      headers: textTable(),
      auth: z.optional(z.discriminatedUnion('type', [basicAuth(), bearerAuth(), apiKeyAuth()])),
      apiKeyHeader: z.optional(z.string().check(z.regex(HEADER_NAME, 'is no header name'))),
      template: z.optional(z.unknown()),
      fields: fieldTable(),
      successStatuses: z.optional(
        z.array(z.number().check(z.int(), z.minimum(100), z.maximum(599))).check(z.minLength(1)),
      ),
      checkBody: z.optional(z.boolean()),
      idPath: z.optional(z.string().check(z.minLength(1))),
      errorPath: z.optional(z.string().check(z.minLength(1))),
    }),
  checkParts,
)

function checkParts({ headers, template, apiKeyHeader }: GenericSettings): string | undefined {
  for (const name of [...Object.keys(headers ?? {}), apiKeyHeader ?? 'x-api-key']) {
    if (!HEADER_NAME.test(name)) return `headers: ${JSON.stringify(name.slice(0, 100))} is no header name`
    if (isProtectedHeader(name)) return isProtected(name)
    if (name.toLowerCase() === 'authorization') return 'headers: authorization cannot be set here: use auth'
  }
  try {
    const [mistake] = template === undefined ? [] : compileTemplate(template).mistakes
    if (mistake !== undefined) return `template: ${mistake}`
  } catch (error) {
    return error instanceof WebhookError ? error.message : 'template does not fit'
  }
  return undefined
}

function isProtected(name: string): string {
  return `headers: cannot replace the protected header ${JSON.stringify(name)}`
}

/**
 * Calls any REST interface: a body from a template or in neutral names, headers, a credential, and rules for what
 * counts as success. `Idempotency-Key` holds the delivery id. Signing is the endpoint's business.
 *
 * @throws {WebhookError} `invalid_option`, naming the option.
 * @example
 * generic()
 * // settings: { url: 'https://api.example.com/tickets', auth: { type: 'bearer', token }, template: '{"title":"{{subject}}"}' }
 */
export function generic(options: GenericOptions = {}): Preset<GenericSettings> {
  checkPresetOptions('generic', options, ['name', 'fields'])
  return definePreset<GenericSettings>({
    name: options.name ?? 'generic',
    documentationUrl: 'https://www.rfc-editor.org/rfc/rfc9110.html',
    secretSettings: AUTH_SECRETS,
    settings: input =>
      // A table would leave this name out in silence.
      valueAt(input, 'headers.__proto__') === undefined
        ? checkSettings(input)
        : { ok: false, message: isProtected('__proto__') },
    request: (input, settings) =>
      jsonRequest({
        url: settings.url,
        method: settings.method ?? 'POST',
        headers: { 'idempotency-key': input.deliveryId, ...ownHeaders(input, settings, false) },
        secretHeaders: { ...ownHeaders(input, settings, true), ...authHeaders(settings) },
        body: body(input, settings, options),
      }),
    outcome: (response, settings) => {
      const id = (answer: unknown) =>
        settings.idPath === undefined ? externalId(answer) : valueAt(answer, settings.idPath)
      const error = (answer: unknown) =>
        settings.errorPath === undefined ? undefined : valueAt(answer, settings.errorPath)
      const { successStatuses } = settings
      if (successStatuses?.includes(response.status) === false && response.status < 300) {
        return { ok: false, message: `HTTP ${response.status} is not among successStatuses`, retry: false }
      }
      // A status that the endpoint lists as success is read like any other success.
      const read = successStatuses?.includes(response.status) === true ? { ...response, status: 200 } : response
      return judge(read, { id, error, failure: answer => bodyFailure(answer, response, settings) })
    },
  })
}

/** A status inside the body tells whether another try can help; without one it is taken to be permanent. */
function bodyFailure(answer: unknown, response: PresetResponse, settings: GenericSettings): Failure | undefined {
  const found = settings.checkBody === false ? undefined : semanticError(answer ?? parseBody(response.body))
  if (found === undefined) return undefined
  const told = settings.errorPath === undefined ? undefined : valueAt(answer, settings.errorPath)
  const text = typeof told === 'string' && told !== '' ? told : found.message || bodyErrorText(response.body)
  const { status = 0 } = found
  return {
    message: `HTTP ${response.status} with an error: ${text}`,
    retry: status >= 500 || [408, 425, 429].includes(status),
  }
}

/** Names of headers that people put credentials into. */
const SECRET_NAME = /token|key|secret|auth|password|signature|cookie/i

function ownHeaders(
  input: PresetInput,
  { headers = {} }: GenericSettings,
  secret: boolean,
): Readonly<Record<string, string>> {
  const rendered = compileTemplate(headers).render(caseVariables(input.event, input.deliveryId))
  return Object.fromEntries(
    Object.entries(isRecord(rendered) ? rendered : {})
      .filter(([name]) => SECRET_NAME.test(name) === secret)
      .map(([name, value]) => [name.toLowerCase(), headerText(String(value))]),
  )
}

/** Headers carry visible ASCII; anything else in a value becomes a question mark. */
function headerText(value: string): string {
  return cleanLine(value)
    .replace(/[^\x20-\x7e]/gu, '?')
    .slice(0, 1000)
}

function authHeaders({ auth, apiKeyHeader }: GenericSettings): Readonly<Record<string, string>> {
  if (auth === undefined) return {}
  if (auth.type === 'apiKey') return { [(apiKeyHeader ?? 'x-api-key').toLowerCase()]: auth.key }
  return { authorization: authorization(auth) }
}

function body(input: PresetInput, settings: GenericSettings, options: GenericOptions): unknown {
  const own =
    settings.template === undefined
      ? neutralBody(input)
      : compileTemplate(settings.template).render(caseVariables(input.event, input.deliveryId))
  if (!isRecord(own) || (options.fields === undefined && settings.fields === undefined)) return own
  return withFields(own, input, { tables: [options.fields, settings.fields] })
}

/** The case; and the data as it is, when there is no case in it. */
function neutralBody({ event, deliveryId }: PresetInput): object {
  const { reference, customer, problemSince, othersAffected, recordingUrl, ...ticket } = toServiceCase(event)
  const { type, createdAt, contactType, ...rest } = ticket
  const isCase =
    ticket.description !== undefined || valueAt(event.data, 'subject') !== undefined || reference !== undefined
  return dropAbsent({
    event: event.type,
    event_id: event.id,
    delivery_id: deliveryId,
    timestamp: event.timestamp,
    reference,
    ticket: { ...rest, type, contact_type: contactType, created_at: createdAt },
    customer,
    context: { problem_since: problemSince, others_affected: othersAffected },
    enrichment: { audio_url: recordingUrl },
    data: isCase ? undefined : event.data,
  })
}
