import { isObject } from './shapes.ts'

/**
 * A custom field as Pipedrive's webhooks v2 send it: the value with its type. An unset one is `null`. Options of
 * `enum` and `set` fields carry ids only; their labels are in the Fields API.
 *
 * Source: https://pipedrive.readme.io/docs/guide-for-webhooks-v2
 */
export type CustomField =
  | { readonly type: 'varchar' | 'varchar_auto' | 'text' | 'phone'; readonly value: string }
  | { readonly type: 'double'; readonly value: number }
  /** `YYYY-MM-DD`. */
  | { readonly type: 'date'; readonly value: string }
  | { readonly type: 'people' | 'org' | 'user' | 'enum'; readonly id: number }
  | { readonly type: 'set'; readonly values: readonly { readonly id: number }[] }
  | ({ readonly type: 'monetary' } & MonetaryValue)
  | ({ readonly type: 'time' } & TimeValue)
  | ({ readonly type: 'timerange' } & TimeRangeValue)
  | ({ readonly type: 'daterange' } & DateRangeValue)
  | ({ readonly type: 'address' } & AddressValue)

/** An amount with its currency. */
export interface MonetaryValue {
  readonly value: number
  /** ISO 4217: `EUR`. */
  readonly currency: string
}

/** A time of day, `HH:MM:SS`. */
export interface TimeValue {
  readonly value: string
  readonly timezone_id: number
}

/** From one time of day to another, `HH:MM:SS`. */
export interface TimeRangeValue {
  readonly from: string
  readonly until: string
  readonly timezone_id: number
}

/** From one day to another, `YYYY-MM-DD`. */
export interface DateRangeValue {
  readonly from: string
  readonly until: string
}

/** An address as it was typed, and the parts that Pipedrive found in it. */
export interface AddressValue {
  readonly value: string
  readonly formatted_address?: string | null
  readonly country?: string | null
  readonly admin_area_level_1?: string | null
  readonly admin_area_level_2?: string | null
  readonly locality?: string | null
  readonly sublocality?: string | null
  readonly route?: string | null
  readonly street_number?: string | null
  readonly subpremise?: string | null
  readonly postal_code?: string | null
}

/**
 * A custom field's value without the wrapping of either payload version: text and numbers as they are, one id for an
 * option, person, organization or user, a list of ids for several options, an object where the value has parts.
 */
export type CustomFieldValue =
  | string
  | number
  | readonly number[]
  | MonetaryValue
  | TimeValue
  | TimeRangeValue
  | DateRangeValue
  | AddressValue
  | null

/** The value of one kind of custom field. */
type ValueOf<Field> = Field extends null | undefined
  ? null
  : Field extends { readonly type: 'set' }
    ? readonly number[]
    : Field extends { readonly type: 'people' | 'org' | 'user' | 'enum' }
      ? number
      : Field extends { readonly type: 'monetary' | 'time' | 'timerange' | 'daterange' | 'address' }
        ? Omit<Field, 'type'>
        : Field extends { readonly value: infer Value }
          ? Value
          : CustomFieldValue

/**
 * The value of a custom field as webhooks v2 send it. For what you read from `event.raw` yourself; in `event.data`
 * it is done already. A field of a kind that is not known here comes back without its `type`. Never throws.
 *
 * @example
 * customFieldValue({ type: 'varchar', value: 'web' }) // 'web'
 * customFieldValue({ type: 'set', values: [{ id: 13 }, { id: 14 }] }) // [13, 14]
 * customFieldValue({ type: 'monetary', value: 200, currency: 'EUR' }) // { value: 200, currency: 'EUR' }
 * customFieldValue(null) // null
 */
export function customFieldValue<Field extends CustomField | null | undefined>(field: Field): ValueOf<Field> {
  return plainValue(field) as ValueOf<Field>
}

function plainValue(field: unknown): unknown {
  if (!isObject(field) || typeof field.type !== 'string') return field ?? null
  if (field.type === 'set' && Array.isArray(field.values)) return field.values.map(idOf)
  if (Object.keys(field).length === 2) {
    if ('value' in field) return field.value
    if ('id' in field) return field.id
  }
  const { type: _, ...parts } = field
  return parts
}

function idOf(option: unknown): unknown {
  return isObject(option) ? option.id : option
}

/** Values by the field's key, 40 hexadecimal digits. */
export type CustomFieldValues = Readonly<Record<string, CustomFieldValue>>

/** The `custom_fields` of a v2 record, unwrapped. */
export function unwrapCustomFields(record: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const fields = record.custom_fields
  if (!isObject(fields)) return record
  const values: Record<string, unknown> = {}
  for (const key of Object.keys(fields)) values[key] = plainValue(fields[key])
  return { ...record, custom_fields: values }
}

const KEY_LENGTH = 40
const FLAT_KEY = /^([0-9a-f]{40})(?:_([a-z]\w*))?$/

/**
 * v1 writes custom fields between the others, the parts of a value under keys of their own: `<key>_currency`,
 * `<key>_until`. Gathers them under `custom_fields`, as v2 does, and puts the parts together.
 */
export function gatherCustomFields(record: Readonly<Record<string, unknown>>): Record<string, unknown> {
  if (!Object.keys(record).some(isFlatKey)) return record
  const rest: Record<string, unknown> = {}
  const values: Record<string, unknown> = {}
  const parts = new Map<string, Record<string, unknown>>()
  for (const name of Object.keys(record)) {
    const [, key, part] = name.length < KEY_LENGTH ? [] : (FLAT_KEY.exec(name) ?? [])
    if (key === undefined) rest[name] = record[name]
    else if (part === undefined) values[key] = record[name]
    else {
      const known = parts.get(key) ?? {}
      known[part] = record[name]
      parts.set(key, known)
    }
  }
  for (const [key, more] of parts) values[key] = assemble(values[key], more)
  return { ...rest, custom_fields: values }
}

function isFlatKey(name: string): boolean {
  return name.length >= KEY_LENGTH && FLAT_KEY.test(name)
}

function assemble(value: unknown, parts: Readonly<Record<string, unknown>>): unknown {
  if (value === undefined || value === null) return null
  return Object.hasOwn(parts, 'until') ? { from: value, ...parts } : { value, ...parts }
}
