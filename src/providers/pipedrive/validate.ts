import { lazyFields, type SchemaCheck, type Validation } from '../schema.ts'
import { type Envelope, readEnvelope } from './envelope.ts'
import { isPipedriveEntity, type PipedriveEntity, recordFields } from './records.ts'
import { isObject } from './shapes.ts'

type Item = Readonly<Record<string, unknown>>

/** A body that is what Pipedrive documents: the envelope, and both records as sent. */
export interface CheckedBody {
  readonly envelope: Envelope
  readonly current: Item | null
  readonly previous: Item | null
}

/** Checks a decoded body of either version; words for the first thing that is wrong with it. */
export function checkBody(body: unknown, validation: Validation): CheckedBody | string {
  const envelope = readEnvelope(body)
  if (typeof envelope === 'string') return envelope
  const current = asRecord(envelope.current)
  const previous = asRecord(envelope.previous)
  const place = envelope.version === 1 ? 'current' : 'data'
  if (current === undefined) return `${place}: not an object`
  if (previous === undefined) return 'previous: not an object'
  const { entity } = envelope
  if (isPipedriveEntity(entity)) {
    const problem = problemOf(entity, validation, place, current) ?? problemOf(entity, validation, 'previous', previous)
    if (problem !== undefined) return problem
    // v2 sends of a previous record only what changed.
    if (!hasId(current ?? previous)) return `${current ? place : 'previous'}.id: missing`
  }
  return { envelope, current, previous }
}

/** `null` for none, `undefined` for what is no record. v1 puts a user's record into a list. */
function asRecord(value: unknown): Item | null | undefined {
  const record: unknown = Array.isArray(value) ? value[0] : value
  if (record === undefined || record === null) return null
  return isObject(record) ? record : undefined
}

function hasId(record: Item | null): boolean {
  return record === null || typeof record.id === 'number' || typeof record.id === 'string'
}

function problemOf(
  entity: PipedriveEntity,
  validation: Validation,
  place: string,
  record: Item | null,
): string | undefined {
  if (record === null || validation === 'envelope') return undefined
  const result = checkOf(entity)(record)
  return result.ok ? undefined : `${place}.${result.message}`
}

const checks = new Map<PipedriveEntity, SchemaCheck<unknown>>()

function checkOf(entity: PipedriveEntity): SchemaCheck<unknown> {
  const known = checks.get(entity)
  if (known !== undefined) return known
  const check = lazyFields(() => recordFields[entity]())
  checks.set(entity, check)
  return check
}
