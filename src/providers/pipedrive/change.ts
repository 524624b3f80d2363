import { diffRecords, type FieldChange, type RecordChange } from '../../model/record-change.ts'
import { gatherCustomFields, unwrapCustomFields } from './custom-fields.ts'
import { isObject } from './shapes.ts'

/** A {@link RecordChange} from Pipedrive. */
export interface PipedriveChange<Item> extends RecordChange<Item> {
  /** The user who made the change. */
  readonly userId: string | undefined
  /** The Pipedrive account. */
  readonly companyId: string | undefined
}

type Item = Readonly<Record<string, unknown>>

/** Both sides of a change, complete, with custom fields in one form. */
export interface Sides {
  readonly current: Item | null
  readonly previous: Item | null
  /** The fields that may differ, where Pipedrive names them: standard and custom ones. */
  readonly named?: { readonly fields: readonly string[]; readonly custom: readonly string[] }
}

/** v1 sends both records whole, with custom fields among the others. */
export function sidesOfV1(current: Item | null, previous: Item | null): Sides {
  return { current: current && gatherCustomFields(current), previous: previous && gatherCustomFields(previous) }
}

/** v2 sends of the previous record only the fields that changed, except after a deletion. */
export function sidesOfV2(current: Item | null, previous: Item | null): Sides {
  const now = current && unwrapCustomFields(current)
  const before = previous && unwrapCustomFields(previous)
  if (now === null || before === null) return { current: now, previous: before }
  const named = { fields: Object.keys(before).filter(isStandard), custom: Object.keys(customFields(before)) }
  return { current: now, previous: complete(before, now), named }
}

function complete(changed: Item, current: Item): Item {
  if (!isObject(changed.custom_fields)) return { ...current, ...changed }
  return { ...current, ...changed, custom_fields: { ...customFields(current), ...changed.custom_fields } }
}

/** The fields that differ, custom ones under their own key; none unless both sides are there. */
export function changesOf({ current, previous, named }: Sides): Record<string, FieldChange> {
  if (current === null || previous === null) return {}
  const fields = named?.fields ?? [...new Set([...Object.keys(previous), ...Object.keys(current)])].filter(isStandard)
  const changes = diffRecords(previous, current, fields)
  return Object.assign(changes, diffRecords(customFields(previous), customFields(current), named?.custom))
}

function isStandard(field: string): boolean {
  return field !== 'custom_fields'
}

function customFields(record: Item): Item {
  const fields = record.custom_fields
  return isObject(fields) ? fields : {}
}
