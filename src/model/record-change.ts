import type { ReceivedEvent } from './event.ts'

/** How one field changed. */
export interface FieldChange {
  readonly from: unknown
  readonly to: unknown
}

/**
 * What happened to a CRM record, the same whatever the sender's payload version: some send the whole previous
 * record, some only the fields that changed.
 */
export interface RecordChange<Item = Readonly<Record<string, unknown>>> {
  /** The record as it is now; `null` when it was deleted. */
  readonly current: Item | null
  /** The record as it was, complete; `null` when it was created, or when the sender does not say. */
  readonly previous: Item | null
  /** The fields that really changed. Custom fields stand under their own key. Empty unless both sides are known. */
  readonly changes: Readonly<Record<string, FieldChange>>
  /** Part of an operation on many records at once. */
  readonly bulk: boolean
  /** Where the change was made. */
  readonly changeSource: 'app' | 'api' | undefined
  /** The record that this one was merged into (it is gone). */
  readonly mergedInto?: string
  /** The record that was merged into this one. */
  readonly mergedFrom?: string
}

/** Whether a value received as `data` is a {@link RecordChange}. */
export function isRecordChange(data: unknown): data is RecordChange {
  return typeof data === 'object' && data !== null && 'current' in data && 'previous' in data && 'changes' in data
}

/**
 * Whether a field changed; with `to`, whether it changed to that value.
 *
 * @example hasChanged(event.data, 'status', 'won')
 */
export function hasChanged(change: RecordChange<unknown>, field: string, ...to: readonly [unknown?]): boolean {
  if (!Object.hasOwn(change.changes, field)) return false
  return to.length === 0 || sameJson(change.changes[field]?.to, to[0])
}

/**
 * The fields of `current` and `previous` that differ, compared as JSON values.
 *
 * @param fields where to look, when it is known which may differ. Default: everywhere.
 */
export function diffRecords(
  previous: Readonly<Record<string, unknown>>,
  current: Readonly<Record<string, unknown>>,
  fields: Iterable<string> = new Set([...Object.keys(previous), ...Object.keys(current)]),
): Record<string, FieldChange> {
  const changes: Record<string, FieldChange> = {}
  for (const field of fields) {
    const from = Object.hasOwn(previous, field) ? previous[field] : undefined
    const to = Object.hasOwn(current, field) ? current[field] : undefined
    if (!sameJson(from, to)) changes[field] = { from, to }
  }
  return changes
}

/** Equality of JSON values; the order of keys does not count. */
export function sameJson(a: unknown, b: unknown): boolean {
  if (a === b) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (Array.isArray(a) || Array.isArray(b)) {
    return Array.isArray(a) && Array.isArray(b) && a.length === b.length && a.every((item, i) => sameJson(item, b[i]))
  }
  const keys = Object.keys(a)
  const [left, right] = [a as Record<string, unknown>, b as Record<string, unknown>]
  return (
    keys.length === Object.keys(b).length && keys.every(key => Object.hasOwn(b, key) && sameJson(left[key], right[key]))
  )
}

/** The record was created. */
export const isCreate = (event: ReceivedEvent): boolean => event.action === 'created'
/** The record was updated. */
export const isUpdate = (event: ReceivedEvent): boolean => event.action === 'updated'
/** The record was deleted. */
export const isDelete = (event: ReceivedEvent): boolean => event.action === 'deleted'
/** Two records became one; this event tells of the survivor, or of the one that is gone. */
export const isMerge = (event: ReceivedEvent): boolean =>
  event.action === 'merged' || (isRecordChange(event.data) && event.data.mergedInto !== undefined)
/** The change was made by a person in the sender's application. */
export const isFromApp = (event: ReceivedEvent): boolean =>
  isRecordChange(event.data) && event.data.changeSource === 'app'
/** The change was made through the sender's API: by an integration, perhaps by yours. */
export const isFromApi = (event: ReceivedEvent): boolean =>
  isRecordChange(event.data) && event.data.changeSource === 'api'
/** The change is part of an operation on many records. */
export const isBulk = (event: ReceivedEvent): boolean => isRecordChange(event.data) && event.data.bulk
/** The sender is trying again. */
export const isRetry = (event: ReceivedEvent): boolean => (event.attempt ?? 1) > 1
