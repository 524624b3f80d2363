import {
  type Delivery,
  type DeliveryStatus,
  deliveryId,
  type RenderedBody,
  type StoredEvent,
} from '../../model/delivery.ts'
import type { ClaimedDelivery, NewDelivery } from '../store.ts'
import type { Lane } from './lane.ts'

/** An event with its deliveries. */
export interface EventEntry {
  readonly event: StoredEvent
  readonly rows: Row[]
  /** Counts up, over all events. */
  readonly sequence: number
  readonly createdAtMs: number
  /** Deliveries that are not final yet. */
  open: number
}

/** Where a delivery is: in its lane, waiting for its time, with a claimant, or at its end. */
export type RowState = 'waiting' | 'later' | 'claimed' | Exclude<DeliveryStatus, 'pending'>

/**
 * A delivery, as small as can be while nothing has happened to it: a fan-out to a thousand endpoints makes a
 * thousand of these.
 */
export interface Row {
  readonly entry: EventEntry
  readonly ordinal: number
  readonly endpointId: string
  lane: Lane
  state: RowState
  dueAtMs: number
  history: History | undefined
}

/** What happened to a delivery since it was stored. */
export interface History {
  token: string | undefined
  leaseUntilMs: number
  attempts: number
  triesUsed: number
  crashes: number
  body: RenderedBody | undefined
  lastError: string | undefined
  externalId: string | undefined
  finishedAtMs: number | undefined
  direction: Delivery['direction']
  isTest: boolean
}

const UNTOUCHED: Readonly<History> = {
  token: undefined,
  leaseUntilMs: 0,
  attempts: 0,
  triesUsed: 0,
  crashes: 0,
  body: undefined,
  lastError: undefined,
  externalId: undefined,
  finishedAtMs: undefined,
  direction: 'outbound',
  isTest: false,
}

/** Makes the row of a new delivery. */
export function createRow(entry: EventEntry, ordinal: number, delivery: NewDelivery, lane: Lane): Row {
  const { endpointId, dueAtMs, isTest, direction } = delivery
  const ordinary = !isTest && direction === 'outbound'
  const history = ordinary ? undefined : { ...UNTOUCHED, isTest, direction }
  return { entry, ordinal, endpointId, lane, state: 'later', dueAtMs, history }
}

/** The part of a row that is only kept once something happened. */
export function historyOf(row: Row): History {
  row.history ??= { ...UNTOUCHED }
  return row.history
}

/** The state in the terms of the interface. */
export function statusOf({ state }: Row): DeliveryStatus {
  return state === 'waiting' || state === 'later' || state === 'claimed' ? 'pending' : state
}

/** The row as others see it. */
export function toDelivery(row: Row): Delivery {
  const { event, createdAtMs } = row.entry
  const { token: _token, leaseUntilMs: _lease, ...history } = row.history ?? UNTOUCHED
  return {
    id: deliveryId(event.id, row.ordinal),
    eventId: event.id,
    eventType: event.type,
    tenant: event.tenant,
    subject: event.subject,
    endpointId: row.endpointId,
    lane: row.lane.name,
    status: statusOf(row),
    dueAtMs: row.dueAtMs,
    createdAtMs,
    ...history,
  }
}

/** The row as its claimant gets it. */
export function toClaimed(row: Row, token: string): ClaimedDelivery {
  return { delivery: toDelivery(row), event: row.entry.event, token }
}
