import { WebhookError } from '../errors.ts'
import { matchesPattern, nearestName } from '../model/event-type.ts'

/** A schema of an event's data: any zod schema is one. */
export interface DataSchema<Data = unknown> {
  safeParse(value: unknown):
    | { readonly success: true; readonly data: Data }
    | {
        readonly success: false
        readonly error: {
          readonly issues: ReadonlyArray<{ readonly path: readonly PropertyKey[]; readonly message: string }>
        }
      }
}

/** The events that a sender publishes, with the schema of each one's data. */
export type EventCatalogue = Readonly<Record<string, DataSchema>>

/** The data that `publish` takes for a type: what its schema reads, be it changed by a default or a transform. */
export type DataOf<Catalogue extends EventCatalogue, Type extends string> = Type extends keyof Catalogue
  ? Catalogue[Type] extends ReadSchema<infer Input>
    ? Input
    : Catalogue[Type] extends DataSchema<infer Data>
      ? Data
      : never
  : unknown

/** A schema that tells what it reads, as all do that follow https://standardschema.dev. */
interface ReadSchema<Input> {
  readonly '~standard': { readonly types?: { readonly input: Input } | undefined }
}

/** Types that `publish` takes: those of the catalogue, or any without one. */
export type TypeOf<Catalogue extends EventCatalogue> = string extends keyof Catalogue
  ? string
  : keyof Catalogue & string

/** Events about deliveries themselves: never in a catalogue, always published by the sender. */
export const OWN_TYPES = [
  'webhook.delivery.succeeded',
  'webhook.delivery.failed',
  'webhook.delivery.exhausted',
  'webhook.endpoint.disabled',
  'webhook.endpoint.recovered',
] as const

const MAX_TYPE_LENGTH = 128

/** @throws {WebhookError} `invalid_event` for a type that is none, or not in the catalogue. */
export function checkType(type: unknown, catalogue: EventCatalogue | undefined): string {
  if (
    typeof type !== 'string' ||
    type.length > MAX_TYPE_LENGTH ||
    !/^[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*$/.test(type)
  ) {
    throw invalidEvent(
      'type',
      `must be words joined by full stops, such as lead.created, at most ${MAX_TYPE_LENGTH} characters`,
    )
  }
  if (catalogue !== undefined && !Object.hasOwn(catalogue, type)) {
    const near = nearestName(type, Object.keys(catalogue))
    throw invalidEvent(
      'type',
      `'${type}' is not in the catalogue${near === undefined ? '' : `. Did you mean '${near}'?`}`,
    )
  }
  return type
}

/**
 * The data as JSON text, checked against the catalogue's schema.
 *
 * @throws {WebhookError} `invalid_event`, naming the place and the rule but not the value.
 */
export function checkData(
  type: string,
  data: unknown,
  catalogue: EventCatalogue | undefined,
  maxCharacters: number,
): string {
  const schema = catalogue !== undefined && Object.hasOwn(catalogue, type) ? catalogue[type] : undefined
  const result = schema?.safeParse(data)
  if (result !== undefined && !result.success) {
    const issues = result.error.issues
      .slice(0, 3)
      .map(({ path, message }) => `${['data', ...path.map(String)].join('.')}: ${message}`)
    throw invalidEvent('data', `does not fit '${type}': ${issues.join('; ')}`)
  }
  let text: string | undefined
  try {
    text = JSON.stringify(result === undefined ? data : result.data)
  } catch (error) {
    throw invalidEvent('data', 'cannot be written as JSON: is it circular, or does it hold a BigInt?', error)
  }
  if (text === undefined) throw invalidEvent('data', 'cannot be written as JSON: it is undefined or a function')
  if (text.length > maxCharacters) throw invalidEvent('data', `is longer than ${maxCharacters} characters of JSON`)
  return text
}

/** What is wrong with a pattern of an endpoint; `undefined` when it can match something. */
export function checkPattern(pattern: unknown, catalogue: EventCatalogue | undefined): string | undefined {
  if (
    typeof pattern !== 'string' ||
    !/^(?:\*|[A-Za-z0-9_-]+)(?:\.(?:\*|[A-Za-z0-9_-]+))*$/.test(pattern) ||
    pattern.length > MAX_TYPE_LENGTH
  ) {
    return `${JSON.stringify(pattern)} is no pattern: write a type such as lead.created, with * for a whole segment`
  }
  if (catalogue === undefined || pattern === '*') return undefined
  const types: readonly string[] = [...Object.keys(catalogue), ...OWN_TYPES]
  if (types.some(type => matchesPattern(pattern, type))) return undefined
  const near = nearestName(pattern, types)
  return `'${pattern}' matches no event of the catalogue${near === undefined ? '' : `. Did you mean '${near}'?`}`
}

/** An event cannot be published. */
export function invalidEvent(argument: string, problem: string, cause?: unknown): WebhookError {
  return new WebhookError('invalid_event', `event: ${argument} ${problem}`, {
    argument,
    ...(cause !== undefined && { cause }),
  })
}
