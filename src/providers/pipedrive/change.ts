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
}

/** v1 sends both records whole, with custom fields among the others. */
export function sidesOfV1(current: Item | null, previous: Item | null): Sides {
  return { current: current && gatherCustomFields(current), previous: previous && gatherCustomFields(previous) }
}

/** v2 sends of the previous record only the fields that changed, except after a deletion. */
export function sidesOfV2(current: Item | null, previous: Item | null): Sides {
  const now = current && unwrapCustomFields(current)
  const before = previous && unwrapCustomFields(previous)
  return { current: now, previous: now && before ? complete(before, now) : before }
}

function complete(changed: Item, current: Item): Item {
  const before = { ...current, ...changed }
  if (!isObject(changed.custom_fields)) return before
  return { ...before, custom_fields: { ...customFields(current), ...changed.custom_fields } }
}

/** The fields that differ, custom ones under their own key; none unless both sides are there. */
export function changesOf({ current, previous }: Sides): Record<string, FieldChange> {
  if (current === null || previous === null) return {}
  const changes = diffRecords(previous, current)
  delete changes.custom_fields
  return Object.assign(changes, diffRecords(customFields(previous), customFields(current)))
}

function customFields(record: Item): Item {
  const fields = record.custom_fields
  return isObject(fields) ? fields : {}
}
