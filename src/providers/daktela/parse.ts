import * as z from 'zod/mini'
import { parseForm } from '../../bytes/form.ts'
import { sha256Hex } from '../../bytes/hash.ts'
import { parseJson } from '../../bytes/json.ts'
import type { ParseResult, ReceivedEvent } from '../../model/event.ts'
import { singleHeader, type WebhookRequest } from '../../model/http.ts'
import { splitType } from '../describe.ts'
import { lazySchema } from '../schema.ts'
import { canonicalName, type DaktelaActivityType, type DaktelaEntityType, subjectOf } from './event-names.ts'

/** What an event of Daktela tells. Fetch the record by its id: the rest is what your template chose to send. */
export interface DaktelaRecord {
  readonly entityType: DaktelaEntityType
  /** `null` for anything but an activity. */
  readonly activityType: DaktelaActivityType | null
  /** Daktela's name of the record: `name` of the body, else `id`; empty when the template sends neither. */
  readonly entityId: string
  /** The template's `data`; empty when there is none. */
  readonly fields: Readonly<Record<string, unknown>>
}

type Item = Readonly<Record<string, unknown>>
type Decoded<Value> = { readonly ok: true; readonly value: Value } | Extract<ParseResult, { readonly ok: false }>

/** Templates are the user's own, so what they may leave out or send as another type is not insisted on. */
const checkEnvelope = lazySchema(() =>
  z.object({
    event: z.string().check(z.minLength(1)),
    name: z.nullish(z.union([z.string(), z.number()])),
    id: z.nullish(z.union([z.string(), z.number()])),
  }),
)

/** The envelope of a body that was decoded and checked. */
export interface DaktelaBody {
  readonly event: string
  readonly entityId: string
  readonly raw: Item
}

/** Reads a verified request. `types` are the events that count as known. Never throws. */
export function parseDaktela(
  request: WebhookRequest,
  types: Readonly<Record<string, string>>,
): ParseResult<ReceivedEvent> {
  const body = readBody(request)
  if (!body.ok) return body
  const { event, entityId, raw } = body.value
  const listed = Object.hasOwn(types, event) ? types[event] : undefined
  const type = listed ?? canonicalName(event)
  const data: DaktelaRecord = { ...subjectOf(event), entityId, fields: fieldsOf(raw) }
  const received: ReceivedEvent = {
    id: sha256Hex(request.body),
    idSource: 'digest',
    type,
    nativeType: event,
    known: listed !== undefined,
    provider: 'daktela',
    time: undefined,
    ...splitType(type),
    recordId: entityId === '' ? undefined : entityId,
    attempt: undefined,
    data,
    raw,
  }
  return { ok: true, events: [received] }
}

/** Decodes and checks a body. */
export function readBody(request: WebhookRequest): Decoded<DaktelaBody> {
  const body = decode(request)
  if (!body.ok) return body
  const checked = checkEnvelope(body.value)
  if (!checked.ok) return { ok: false, code: 'invalid_data', message: checked.message }
  const { event, name, id } = checked.value
  return { ok: true, value: { event, entityId: textOf(name) || textOf(id), raw: body.value } }
}

/** By the content type; where that says neither, as JSON if it is an object, else as a form. */
function decode(request: WebhookRequest): Decoded<Item> {
  const contentType = singleHeader(request.headers, 'content-type')?.toLowerCase() ?? ''
  if (contentType.includes('application/json')) return decodeJson(request.body)
  if (contentType.includes('application/x-www-form-urlencoded')) return decodeForm(request.body)
  const json = decodeJson(request.body)
  if (json.ok) return json
  const form = decodeForm(request.body)
  return form.ok && Object.hasOwn(form.value, 'event') ? form : json
}

function decodeJson(bytes: Uint8Array): Decoded<Item> {
  const decoded = parseJson(bytes)
  if (!decoded.ok) return { ok: false, code: 'malformed_body', message: decoded.message }
  const { value } = decoded
  return isObject(value)
    ? { ok: true, value }
    : { ok: false, code: 'invalid_data', message: 'the body is not an object' }
}

function decodeForm(bytes: Uint8Array): Decoded<Item> {
  const decoded = parseForm(bytes)
  return decoded.ok ? decoded : { ok: false, code: 'malformed_body', message: decoded.message }
}

/** `data` as an object, as its JSON text in a form field, or as form fields `data[title]`. */
function fieldsOf(body: Item): Item {
  const { data } = body
  if (isObject(data)) return data
  if (typeof data === 'string') {
    const decoded = parseJson(new TextEncoder().encode(data))
    return decoded.ok && isObject(decoded.value) ? decoded.value : {}
  }
  const fields: [string, unknown][] = []
  for (const name of Object.keys(body)) {
    const field = /^data\[([^[\]]+)\]$/.exec(name)?.[1]
    if (field !== undefined && field !== '__proto__') fields.push([field, body[name]])
  }
  return Object.fromEntries(fields)
}

function textOf(value: string | number | null | undefined): string {
  return value === null || value === undefined ? '' : String(value)
}

function isObject(value: unknown): value is Item {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
