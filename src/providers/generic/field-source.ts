import { WebhookError } from '../../errors.ts'
import { constant, header, type Lookup, path } from '../describe.ts'

/**
 * Where a value stands in a request: a dotted path into the body (`'data.id'`, array positions are numbers), a
 * header, or always the same text.
 *
 * @example 'event', 'meta.action', { header: 'X-Event-Type' }, { fixed: 'order.created' }
 */
export type FieldSource = string | { readonly header: string } | { readonly fixed: string }

/**
 * The look-up that a source describes.
 *
 * @throws {WebhookError} `invalid_option`, naming the argument, when it is none of the three.
 */
export function lookupOf(argument: string, source: FieldSource): Lookup {
  if (typeof source === 'string') return path(checkPath(argument, source))
  if (isObject(source) && 'header' in source) return header(checkHeader(argument, source.header))
  if (isObject(source) && 'fixed' in source) {
    if (typeof source.fixed === 'string' && source.fixed !== '') return constant(source.fixed)
    throw invalid(argument, 'has an empty fixed text')
  }
  throw invalid(argument, "must be a path such as 'data.id', { header: 'X-Event' } or { fixed: 'order.created' }")
}

/** A path that can be walked; the ways to write one in other tools are told apart. */
export function checkPath(argument: string, dotted: string): string {
  if (typeof dotted !== 'string') throw invalid(argument, "must be a path such as 'data.id'")
  if (dotted === '') throw invalid(argument, "is empty: give a path such as 'event'")
  if (dotted.startsWith('$')) throw invalid(argument, "is a JSONPath: write 'data.id', not '$.data.id'")
  if (dotted.includes('{{')) throw invalid(argument, "is a template: write 'data.id', not '{{data.id}}'")
  if (dotted.startsWith('/')) throw invalid(argument, "is a JSON pointer: write 'data.id', not '/data/id'")
  if (/[[\]]/.test(dotted)) throw invalid(argument, "has brackets: write 'items.0.id', not 'items[0].id'")
  if (dotted.split('.').includes('')) throw invalid(argument, 'has an empty part between its full stops')
  return dotted
}

function checkHeader(argument: string, name: unknown): string {
  if (typeof name === 'string' && /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(name)) return name
  throw invalid(argument, "names no valid header: write { header: 'X-Event' }")
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}

function invalid(argument: string, problem: string): WebhookError {
  return new WebhookError('invalid_option', `${argument} ${problem}`, { argument })
}
