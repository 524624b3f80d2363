import { WebhookError } from '../errors.ts'
import type { EventMap } from '../model/event.ts'
import type { Verifier } from '../model/verification.ts'
import { describeProvider, join, type Lookup, valueAt } from './describe.ts'
import { checkPath, type FieldSource, lookupOf } from './generic/field-source.ts'
import type { Provider } from './provider.ts'
import { optionsOf } from './shared/options.ts'

export type { FieldSource } from './generic/field-source.ts'

/** Options of {@link generic}. Paths are as in {@link FieldSource}. */
export interface GenericOptions<Events extends EventMap = EventMap> {
  /** What you call the sender: lower-case letters, digits, hyphens. Give each one its own. Default `generic`. */
  readonly name?: string
  /** How it proves its requests: a signature scheme or a credential. */
  readonly verifier: Verifier
  /** Where the type of an event stands. A body without one is refused as `invalid_data`. */
  readonly type: FieldSource
  /**
   * Where the sender's delivery or event id stands; it must stay the same on a retry. A list joins several values,
   * with `:` between them, into a composite id. Default, and where a request lacks it: the SHA-256 of the body.
   */
  readonly id?: FieldSource | readonly FieldSource[]
  /** Path of the part that becomes `data`. Default: the whole body. */
  readonly data?: string
  /** When it happened: ISO 8601, or seconds or milliseconds since the epoch. */
  readonly time?: FieldSource
  /** Which try this is. */
  readonly attempt?: FieldSource
  /** The number that the sender gives its first try. Default 1. */
  readonly firstAttempt?: 0 | 1
  /** Id of the record that the event is about. */
  readonly recordId?: FieldSource
  /**
   * The sender's names and the types you want for them: `{ ORDER_NEW: 'order.created' }`. Types that are not listed
   * then count as unknown. Default: every type is known, written in lower case with full stops.
   */
  readonly types?: Readonly<Record<string, keyof Events & string>>
  /** How the body is written. Default `json`; `form` is `application/x-www-form-urlencoded`. */
  readonly format?: 'json' | 'form'
  /** How long the sender waits for an answer, in seconds. Default: not known. */
  readonly timeoutSeconds?: number
}

/**
 * Any sender of JSON or forms for which there is no provider of its own, described by where its values stand.
 * For batches, challenges or answers of a special shape use `describeProvider` or `createProvider`.
 *
 * @throws {WebhookError} `invalid_option` when a source cannot be read, `invalid_provider` when the verifier is
 * missing or the name is not valid.
 * @example
 * type Events = { 'order.created': { total: number }; 'order.cancelled': { reason: string } }
 *
 * const shop = generic<Events>({
 *   name: 'shop',
 *   verifier: hmacSignature({ secret, signature: { header: 'X-Webhook-Signature', prefix: 'sha256=' } }),
 *   type: 'event',
 *   id: { header: 'X-Delivery-Id' },
 *   data: 'data',
 *   time: 'timestamp',
 *   types: { 'order.new': 'order.created', 'order.cancelled': 'order.cancelled' },
 * })
 */
export function generic<Events extends EventMap = EventMap>(options: GenericOptions<Events>): Provider<Events> {
  optionsOf('generic', options, [
    'name',
    'verifier',
    'type',
    'id',
    'data',
    'time',
    'attempt',
    'firstAttempt',
    'recordId',
    'types',
    'format',
    'timeoutSeconds',
  ])
  const { id, data, time, attempt, firstAttempt, recordId, types, format, timeoutSeconds } = options
  if (typeof options.verifier?.verify !== 'function') {
    throw new WebhookError(
      'invalid_provider',
      'generic: verifier is missing. Give hmacSignature({ … }), sharedSecret({ … }) or another scheme; ' +
        'unverified() to go without',
      { argument: 'verifier' },
    )
  }
  if (data !== undefined) checkPath('data', data)
  return describeProvider<Events>({
    name: options.name ?? 'generic',
    verifier: options.verifier,
    type: lookupOf('type', options.type),
    ...(id !== undefined && idLookup(id)),
    ...(data !== undefined && { data: (item: unknown) => valueAt(item, data) }),
    ...(time !== undefined && { time: lookupOf('time', time) }),
    ...(attempt !== undefined && { attempt: lookupOf('attempt', attempt) }),
    ...(firstAttempt !== undefined && { firstAttempt }),
    ...(recordId !== undefined && { recordId: lookupOf('recordId', recordId) }),
    ...(types !== undefined && { types: checkTypes(types) }),
    ...(format !== undefined && { format: checkFormat(format) }),
    ...(timeoutSeconds !== undefined && { timeoutSeconds: checkTimeout(timeoutSeconds) }),
  })
}

function idLookup(id: FieldSource | readonly FieldSource[]): { id: Lookup; idSource: 'sender' | 'composite' } {
  if (!isList(id)) return { id: lookupOf('id', id), idSource: 'sender' }
  if (id.length === 0) throw invalid('id', 'is an empty list: leave it out to use the SHA-256 of the body')
  return { id: join(':', ...id.map(source => lookupOf('id', source))), idSource: 'composite' }
}

function isList(id: FieldSource | readonly FieldSource[]): id is readonly FieldSource[] {
  return Array.isArray(id)
}

function checkTypes<Types extends Readonly<Record<string, string>>>(types: Types): Types {
  for (const [native, type] of Object.entries(types)) {
    if (typeof type !== 'string' || !/^[a-z0-9_-]+(?:\.[a-z0-9_-]+)*$/.test(type)) {
      throw invalid(`types['${native}']`, "must be lower case with full stops, such as 'order.created'")
    }
  }
  if (Object.keys(types).length === 0) throw invalid('types', 'is empty: no event would be known. Leave it out')
  return types
}

function checkFormat(format: 'json' | 'form'): 'json' | 'form' {
  if (format === 'json' || format === 'form') return format
  throw invalid('format', "must be 'json' or 'form'")
}

function checkTimeout(seconds: number): number {
  if (Number.isFinite(seconds) && seconds > 0) return seconds
  throw invalid('timeoutSeconds', 'must be a positive number of seconds')
}

function invalid(argument: string, problem: string): WebhookError {
  return new WebhookError('invalid_option', `generic: ${argument} ${problem}`, { argument })
}
