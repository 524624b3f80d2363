import * as z from 'zod/mini'
import { lazySchema } from '../schema.ts'
import { canonicalAction, canonicalEntity } from './events.ts'
import { isObject } from './shapes.ts'

type Item = Readonly<Record<string, unknown>>

/** What both payload versions say around a record, in the words of v2. */
export interface Envelope {
  readonly version: 1 | 2
  readonly action: string
  readonly entity: string
  readonly nativeType: string
  readonly recordId: string
  /** The sender's id of the event. Only in v2. */
  readonly eventId: string | undefined
  /** As sent: ISO 8601, or decimal seconds or microseconds. */
  readonly timestamp: string | undefined
  readonly attempt: number | undefined
  readonly bulk: boolean
  readonly changeSource: string | undefined
  readonly companyId: string | undefined
  readonly userId: string | undefined
  readonly mergedInto: string | undefined
  readonly mergedFrom: string | undefined
  readonly current: unknown
  readonly previous: unknown
}

const name = () => z.string().check(z.minLength(1))
const id = () => z.union([z.string(), z.number()])

const checkV1 = lazySchema(() => z.object({ meta: z.object({ action: name(), object: name(), id: id() }) }))

const checkV2 = lazySchema(() =>
  z.object({ meta: z.object({ action: name(), entity: name(), id: id(), entity_id: id() }) }),
)

/** Reads what is around the record; words when it is not an envelope of either version. */
export function readEnvelope(body: unknown): Envelope | string {
  const meta = isObject(body) ? body.meta : undefined
  if (!isObject(body) || !isObject(meta)) return 'meta: missing'
  return isVersion1(body, meta) ? readV1(body, meta) : readV2(body, meta)
}

/** v1 has no `meta.version`, unless somebody adds one. */
function isVersion1(body: Item, meta: Item): boolean {
  const version = text(meta.version)
  return body.v === 1 || version === undefined || version === '1' || version === '1.0'
}

function readV1(body: Item, meta: Item): Envelope | string {
  const checked = checkV1(body)
  if (!checked.ok) return checked.message
  const { action, object } = checked.value.meta
  return {
    version: 1,
    action: canonicalAction(action),
    entity: canonicalEntity(object),
    nativeType: `${action}.${object}`,
    recordId: String(checked.value.meta.id),
    eventId: undefined,
    timestamp: text(meta.timestamp_micro) ?? text(meta.timestamp),
    attempt: count(body.retry, 1),
    bulk: meta.is_bulk_update === true,
    changeSource: text(meta.change_source),
    companyId: text(meta.company_id),
    userId: text(meta.user_id),
    mergedInto: undefined,
    mergedFrom: undefined,
    current: body.current,
    previous: body.previous,
  }
}

function readV2(body: Item, meta: Item): Envelope | string {
  const checked = checkV2(body)
  if (!checked.ok) return checked.message
  const { action, entity } = checked.value.meta
  const mergedFrom = text(meta.merged_from_id)
  const canonical = canonicalAction(action)
  return {
    version: 2,
    action: canonical === 'updated' && mergedFrom !== undefined ? 'merged' : canonical,
    entity: canonicalEntity(entity),
    nativeType: `${action}.${entity}`,
    recordId: String(checked.value.meta.entity_id),
    eventId: text(checked.value.meta.id),
    timestamp: text(meta.timestamp),
    attempt: count(meta.attempt, 0),
    bulk: meta.is_bulk_edit === true,
    changeSource: text(meta.change_source),
    companyId: text(meta.company_id),
    userId: text(meta.user_id),
    mergedInto: text(meta.merged_to_id),
    mergedFrom,
    current: body.data,
    previous: body.previous,
  }
}

/** Ids come as numbers and as text. */
function text(value: unknown): string | undefined {
  if (typeof value === 'string') return value === '' ? undefined : value
  return typeof value === 'number' ? String(value) : undefined
}

function count(value: unknown, offset: number): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) && value + offset >= 1 ? value + offset : undefined
}
