import type { NewDelivery, NewEvent } from '../store.ts'
import { DIRECTION, STATE } from './rows.ts'
import { type SqlValue, storable } from './statement.ts'
import { indexable, textOrNull, wholeMs } from './values.ts'

/** The columns of a new event, in the order in which `writeEvent` gives the values. */
export const NEW_EVENT_COLUMNS: ReadonlyArray<readonly [name: string, type: string]> = [
  ['timestamp_ms', 'bigint'],
  ['created_at_ms', 'bigint'],
  ['id', 'text'],
  ['type', 'text'],
  ['tenant', 'text'],
  ['subject', 'text'],
  ['data', 'text'],
  ['metadata', 'text'],
]

/** The values of a new event's columns. */
export function writeEvent({ event }: NewEvent, nowMs: number): readonly SqlValue[] {
  return [
    wholeMs(event.timestampMs),
    nowMs,
    storable(event.id),
    storable(event.type),
    textOrNull(event.tenant),
    textOrNull(event.subject),
    storable(event.data),
    JSON.stringify(event.metadata),
  ]
}

/** The columns of a new delivery beside the event's number, in the order in which `writeDelivery` gives the values. */
export const NEW_DELIVERY_COLUMNS: ReadonlyArray<readonly [name: string, type: string]> = [
  ['due_at_ms', 'bigint'],
  ['ordinal', 'integer'],
  ['lane_no', 'integer'],
  ['direction', 'smallint'],
  ['state', 'smallint'],
  ['is_test', 'smallint'],
  ['lease_until_ms', 'bigint'],
  ['token', 'text'],
  ['order_key', 'text'],
]

/**
 * The values of a new delivery's columns.
 *
 * @param turnIsGiven whether it is decided next whose turn it is: ordered ones wait for that.
 */
export function writeDelivery(
  { event }: NewEvent,
  delivery: NewDelivery,
  ordinal: number,
  lane: number,
  turnIsGiven: boolean,
): readonly SqlValue[] {
  const { claim, ordered } = delivery
  const claimed = claim !== undefined && !ordered
  return [
    wholeMs(delivery.dueAtMs),
    ordinal,
    lane,
    DIRECTION[delivery.direction],
    ordered && turnIsGiven ? STATE.blocked : claimed ? STATE.claimed : STATE.waiting,
    delivery.isTest ? 1 : null,
    claimed ? wholeMs(claim.leaseUntilMs) : null,
    claimed ? claim.token : null,
    ordered ? orderKey(event.subject) : null,
  ]
}

/** What the keys of one tenant have in common. */
export function scopeOf(tenant: string | undefined): string {
  return tenant === undefined ? '' : indexable(`=${tenant}`)
}

/** Names the order of a subject, and of no subject. */
export function orderKey(subject: string | undefined): string {
  return subject === undefined ? '' : indexable(`=${subject}`)
}
