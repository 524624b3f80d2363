import { parseForm } from '../bytes/form.ts'
import { sha256Hex } from '../bytes/hash.ts'
import { parseJson } from '../bytes/json.ts'
import type { EventMap, EventOf, IdSource, ParseResult, ReceivedEvent } from '../model/event.ts'
import { singleHeader, type WebhookRequest } from '../model/http.ts'
import type { Provider, ProviderOptions } from './provider.ts'
import type { SchemaCheck } from './schema.ts'
import { buildProvider } from './shared/build-provider.ts'
import { checkDescription } from './shared/check-description.ts'

/** What a look-up may read. */
export interface LookupInput {
  readonly request: WebhookRequest
  /** The decoded body. */
  readonly body: unknown
  /** The part of the body that this event is about: the whole body, unless the sender batches. */
  readonly item: unknown
  /** The place of the part in a batch, from 0. */
  readonly index: number
  /** The SHA-256 of the body in hex; computed once for a batch. */
  bodyDigest(): string
}

/** Finds a text in a request: `undefined` when it is not there, or empty. */
export interface Lookup {
  (input: LookupInput): string | undefined
  /** Where it looks, for messages: `the header X-Event`. */
  readonly place?: string
}

/** A look-up that can say where it looks. Some are made for one request, so this must be quick. */
function lookUp(place: string, find: { (input: LookupInput): string | undefined; place?: string }): Lookup {
  find.place = place
  return find
}

/** A header's value. */
export const header = (name: string): Lookup =>
  lookUp(`the header ${name}`, ({ request }) => singleHeader(request.headers, name) || undefined)

/**
 * A value of the event's part of the body by dotted path; numbers become text, but not integers beyond 2^53, which
 * reading JSON has rounded. `path('')` is the value itself.
 */
export const path = (dotted: string): Lookup =>
  lookUp(dotted === '' ? 'the body' : `the body at '${dotted}'`, ({ item }) => toText(valueAt(item, dotted)))

/** A value of the whole body by dotted path, for batching senders. */
export const bodyPath = (dotted: string): Lookup =>
  lookUp(`the body at '${dotted}'`, ({ body }) => toText(valueAt(body, dotted)))

/** Always the same text. */
export const constant =
  (text: string): Lookup =>
  () =>
    text

/** The first look-up that finds something. */
export const firstOf = (...lookups: readonly Lookup[]): Lookup =>
  lookUp(placesOf(lookups, ' or '), input => {
    for (const lookup of lookups) {
      const text = lookup(input)
      if (text) return text
    }
    return undefined
  })

/** All parts joined; `undefined` when one is missing or empty. */
export const join = (separator: string, ...lookups: readonly Lookup[]): Lookup =>
  lookUp(placesOf(lookups, ' and '), input => {
    const parts = lookups.map(lookup => lookup(input))
    return parts.every(part => part) ? parts.join(separator) : undefined
  })

function placesOf(lookups: readonly Lookup[], word: string): string {
  return lookups.map(({ place = 'the request' }) => place).join(word)
}

/** A regular sender as data: where to find the id, the type, the attempt. */
export interface ProviderDescription<Events extends EventMap>
  extends Omit<ProviderOptions<Events>, 'parse' | 'eventTypes' | 'nativeTypes'> {
  /** How the body is written. Default `json`; `form` is `application/x-www-form-urlencoded`. */
  readonly format?: 'json' | 'form' | ((request: WebhookRequest) => 'json' | 'form')
  /** Splits a batch into the parts that are events. Default: the body is one event. */
  readonly split?: (body: unknown, request: WebhookRequest) => readonly unknown[] | undefined
  /**
   * The sender's stable id. When it finds nothing, the SHA-256 of the body is the id, in a batch with the place of the
   * part.
   */
  readonly id?: Lookup
  /** `composite` when `id` joins fields instead of reading one that the sender made for the purpose. */
  readonly idSource?: IdSource
  /** The sender's own name of the type. A body without one is `malformed_body`. */
  readonly type: Lookup
  /** Native name to canonical type, when the sender's list is closed. Default: {@link canonicalType}, and any type is known. */
  readonly types?: Readonly<Record<string, keyof Events & string>>
  /** Native name to canonical type, when the sender's list is open. Default: {@link canonicalType}. */
  readonly canonical?: (nativeType: string) => string
  readonly recordId?: Lookup
  readonly time?: Lookup
  readonly attempt?: Lookup
  /** The number of the first attempt as the sender counts. Default 1. */
  readonly firstAttempt?: 0 | 1
  /** The part of the item that becomes `data`. Default: all of it. */
  readonly data?: (item: unknown) => unknown
  /** Checks the data of known types; data that does not fit makes the body `invalid_data`. Default: none is checked. */
  readonly checks?: { readonly [Type in keyof Events & string]?: SchemaCheck<Events[Type]> }
  /** The handler's answer is the HTTP answer. */
  readonly expectsReply?: (item: unknown) => boolean
}

/**
 * Builds a provider for a sender that follows the common pattern, from a description.
 *
 * @throws {WebhookError} as `createProvider` does, and `invalid_option` for a look-up that is none.
 * @example
 * describeProvider({
 *   name: 'acme',
 *   verifier: hmacSignature({ secret, signature: { header: 'x-acme-signature' } }),
 *   id: header('x-acme-delivery'),
 *   type: path('event'),
 * })
 */
export function describeProvider<Events extends EventMap = EventMap>(
  description: ProviderDescription<Events>,
): Provider<Events> {
  checkDescription(description)
  const { types } = description
  return buildProvider<Events>({
    ...description,
    eventTypes: types && [...new Set(Object.values(types))],
    nativeTypes: types ?? {},
    parse: request => parseDescribed(description, request),
  })
}

function parseDescribed<Events extends EventMap>(
  description: ProviderDescription<Events>,
  request: WebhookRequest,
): ParseResult<EventOf<Events>> {
  const format = typeof description.format === 'function' ? description.format(request) : description.format
  const decoded = format === 'form' ? parseForm(request.body) : parseJson(request.body)
  if (!decoded.ok) return { ok: false, code: 'malformed_body', message: decoded.message }
  const items = description.split ? description.split(decoded.value, request) : [decoded.value]
  if (items === undefined) return { ok: false, code: 'invalid_data', message: 'the body is not a list of events' }
  const events: ReceivedEvent[] = []
  let digest: string | undefined
  const bodyDigest = (): string => (digest ??= sha256Hex(request.body))
  for (const [index, item] of items.entries()) {
    const event = readEvent(description, { request, body: decoded.value, item, index, bodyDigest })
    if (event === undefined) {
      const { place = 'the body' } = description.type
      return { ok: false, code: 'invalid_data', message: `there is no event type in ${place}` }
    }
    const { checks } = description
    const check = checks && event.known && Object.hasOwn(checks, event.type) ? checks[event.type] : undefined
    const checked = check?.(event.data)
    if (checked?.ok === false) return { ok: false, code: 'invalid_data', message: checked.message }
    events.push(event)
  }
  // The map of a description is a claim about the sender: nothing checks `data` against it.
  return { ok: true, events: events as unknown as readonly EventOf<Events>[] }
}

function readEvent<Events extends EventMap>(
  description: ProviderDescription<Events>,
  input: LookupInput,
): ReceivedEvent | undefined {
  const nativeType = description.type(input)
  if (nativeType === undefined || nativeType === '') return undefined
  const { types } = description
  const listed = types && Object.hasOwn(types, nativeType) ? types[nativeType] : undefined
  const type = listed ?? (description.canonical ?? canonicalType)(nativeType)
  const id = description.id?.(input) || undefined
  const attempt = Number(description.attempt?.(input) ?? Number.NaN)
  return {
    id: id ?? digestId(input),
    idSource: id === undefined ? 'digest' : (description.idSource ?? 'sender'),
    type,
    nativeType,
    known: types === undefined || listed !== undefined,
    provider: description.name,
    time: parseTime(description.time?.(input)),
    ...splitType(type),
    recordId: description.recordId?.(input),
    attempt: Number.isSafeInteger(attempt) ? attempt + 1 - (description.firstAttempt ?? 1) : undefined,
    data: description.data ? description.data(input.item) : input.item,
    raw: input.body,
    ...(description.expectsReply?.(input.item) && { expectsReply: true }),
  }
}

/** Events of one batch share the body, so the place of this one is added. */
function digestId({ body, item, index, bodyDigest }: LookupInput): string {
  return item === body ? bodyDigest() : `${bodyDigest()}:${index}`
}

/**
 * A native name as `entity.action`: lower case, words joined by underscores, separators `.`.
 * `contact.propertyChange` → `contact.property_change`; `orders/create` → `orders.create`.
 */
export function canonicalType(nativeType: string): string {
  return nativeType
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .replace(/[/:]+/g, '.')
    .replace(/[^a-z0-9._]+/g, '_')
}

/**
 * Cuts a canonical name behind the entity that it starts with, the longest first, for senders that write both as one
 * word: `credit_note_created` → `credit_note.created`. A name that starts with none of them stays as it is.
 */
export function afterEntity(entities: readonly string[]): (type: string) => string {
  const longestFirst = [...entities].sort((a, b) => b.length - a.length)
  return type => {
    const entity = longestFirst.find(name => type.startsWith(`${name}_`))
    return entity === undefined ? type : `${entity}.${type.slice(entity.length + 1)}`
  }
}

/** The last word of a canonical type in the past tense, where a sender names what to do: `order.create` → `order.created`. */
export function pastTense(type: string): string {
  const start = Math.max(type.lastIndexOf('.'), type.lastIndexOf('_')) + 1
  const word = type.slice(start)
  return type.slice(0, start) + (PAST_TENSE.get(word) ?? word)
}

const PAST_TENSE: ReadonlyMap<string, string> = new Map([
  ['create', 'created'],
  ['insert', 'created'],
  ['update', 'updated'],
  ['edit', 'edited'],
  ['delete', 'deleted'],
  ['remove', 'removed'],
  ['add', 'added'],
  ['merge', 'merged'],
  ['open', 'opened'],
  ['close', 'closed'],
  ['reopen', 'reopened'],
  ['complete', 'completed'],
  ['approve', 'approved'],
  ['publish', 'published'],
  ['void', 'voided'],
])

/** First and remaining part of a type. */
export function splitType(type: string): { entity: string; action: string } {
  const stop = type.indexOf('.')
  return stop === -1 ? { entity: type, action: '' } : { entity: type.slice(0, stop), action: type.slice(stop + 1) }
}

/** A point in time as senders write it: ISO 8601, or decimal seconds or milliseconds since the epoch. */
export function parseTime(text: string | undefined): Date | undefined {
  if (text === undefined || text === '') return undefined
  const isCalendarDate = text.charCodeAt(4) === 0x2d // 2026-…
  const number = !isCalendarDate && /^\d{9,16}(?:\.\d+)?$/.test(text) ? Number(text) : undefined
  const time = new Date(number === undefined ? text : toMilliseconds(number))
  return Number.isNaN(time.getTime()) ? undefined : time
}

/** Ten digits are seconds, thirteen milliseconds, sixteen microseconds. */
function toMilliseconds(number: number): number {
  return number < 1e11 ? number * 1000 : number < 1e14 ? number : number / 1000
}

/** An own property by dotted path; array positions are numbers. `undefined` when the path ends early. */
export function valueAt(value: unknown, dotted: string): unknown {
  if (dotted === '') return value
  let at = value
  for (const key of dotted.split('.')) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, key)) return undefined
    at = (at as Record<string, unknown>)[key]
  }
  return at
}

/** The list at a dotted path of the body, for senders that batch; `''` is the body itself. For `split`. */
export const listAt =
  (dotted: string) =>
  (body: unknown): readonly unknown[] | undefined => {
    const list: unknown = valueAt(body, dotted)
    return Array.isArray(list) ? (list as readonly unknown[]) : undefined
  }

function toText(value: unknown): string | undefined {
  if (typeof value === 'string') return value === '' ? undefined : value
  // What was rounded would be the same for different ids.
  if (typeof value === 'number') return Math.abs(value) <= Number.MAX_SAFE_INTEGER ? String(value) : undefined
  return typeof value === 'boolean' ? String(value) : undefined
}
