import { WebhookError } from '../errors.ts'
import { nearestName } from './event-type.ts'

/** A field that nobody reads, and the known one that was probably meant. */
export interface UnknownField {
  readonly name: string
  /** Empty, or `: did you mean …?` */
  readonly hint: string
}

/** The fields of a type, each by its name, so that none can be forgotten. */
export type FieldTable<Type> = Readonly<Record<keyof Type, true>>

/** The first field that is not known. One that is `undefined` counts as left out. */
export function findUnknownField(input: object, known: readonly string[]): UnknownField | undefined {
  const stray = Object.entries(input).find(([name, value]) => value !== undefined && !known.includes(name))
  if (stray === undefined) return undefined
  const near = nearestName(stray[0], known)
  return { name: stray[0].slice(0, 100), hint: near === undefined ? '' : `: did you mean ${near}?` }
}

/**
 * Checks that options are an object, and that all in it are known: a misspelt one would have no effect, and nobody
 * would notice.
 *
 * @param where what is being built, for the message: `createReceiver`.
 * @param path of the object inside the options: `dedupe`. Default: it is the options themselves.
 * @throws {WebhookError} `invalid_option`, naming the option and the known one that was probably meant.
 */
export function checkOptions(
  given: unknown,
  known: readonly string[],
  where: string,
  path = '',
): asserts given is object {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    const argument = path === '' ? 'options' : path
    const problem = given === undefined ? 'are missing' : `must be an object, not ${kindOf(given)}`
    throw new WebhookError('invalid_option', `${where}: ${argument} ${problem}: { ${known.join(', ')} }`, { argument })
  }
  const stray = findUnknownField(given, known)
  if (stray === undefined) return
  const argument = path === '' ? stray.name : `${path}.${stray.name}`
  throw new WebhookError('invalid_option', `${where}: ${argument} is not an option${stray.hint}`, { argument })
}

/** What a wrong value is, in a word that tells nothing of what is in it. */
export function kindOf(value: unknown): string {
  if (value === null) return 'null'
  return Array.isArray(value) ? 'a list' : typeof value
}
