import { checkOptions, type FieldTable } from '../model/known-fields.ts'
import type { KeyDecoding, SignatureLocation, SignatureShape, TimestampRule } from './shape.ts'

type NamesOf<Union> = Union extends unknown ? keyof Union : never

const SHAPE: FieldTable<SignatureShape> = { signature: true, encoding: true, message: true, timestamp: true, url: true }
const TIMESTAMP: FieldTable<TimestampRule> = { from: true, unit: true, toleranceSeconds: true }
const TIMESTAMP_FROM = ['header', 'tag', 'bodyPath']
const KEY: FieldTable<KeyDecoding> = { decode: true, stripPrefix: true }
const LIST = ['separator', 'tagSeparator', 'tag']

/**
 * Refuses names that nobody would read, in a description and in the objects inside it: a tolerance that has no effect
 * would be noticed by nobody.
 *
 * @param own what the scheme has beside the shape.
 * @throws {WebhookError} `invalid_option`, naming the option and the known one that was probably meant.
 */
export function checkNames(where: string, options: SignatureShape, own: Readonly<Record<string, true>>): void {
  checkOptions(options, [...Object.keys(SHAPE), ...Object.keys(own)], where)
  const { signature, timestamp, key }: { signature?: unknown; timestamp?: unknown; key?: unknown } = options
  checkOptions(signature, locationNames(signature), where, 'signature')
  if ('list' in signature) checkOptions(signature.list, LIST, where, 'signature.list')
  if (key !== undefined) checkOptions(key, Object.keys(KEY), where, 'key')
  if (timestamp === undefined) return
  checkOptions(timestamp, Object.keys(TIMESTAMP), where, 'timestamp')
  const from: unknown = 'from' in timestamp ? timestamp.from : undefined
  if (typeof from === 'object' && from !== null) checkOptions(from, TIMESTAMP_FROM, where, 'timestamp.from')
}

/** The names that go together. Beside a list, say, a prefix would have no effect. */
function locationNames(signature: unknown): ReadonlyArray<NamesOf<SignatureLocation>> {
  if (typeof signature !== 'object' || signature === null) return ['header']
  if ('bodyPath' in signature) return ['bodyPath']
  if ('list' in signature) return ['header', 'list']
  if ('fields' in signature) return ['header', 'fields', 'separator', 'repeat', 'lists']
  return ['header', 'prefix', 'list', 'fields', 'bodyPath']
}
