import {
  type Delivery,
  type DeliveryStatus,
  deliveryId,
  type RenderedBody,
  type StoredEvent,
} from '../../model/delivery.ts'
import { NO_CAUSE } from '../../model/failure.ts'
import type { ClaimedDelivery, NewDelivery } from '../store.ts'

/** An event with its deliveries. The entries are linked by age. */
export interface EventEntry {
  readonly event: StoredEvent
  readonly rows: readonly Row[]
  /** Counts up, over all events. */
  readonly sequence: number
  readonly createdAtMs: number
  /** Deliveries that are not final yet. */
  open: number
  older: EventEntry | undefined
  newer: EventEntry | undefined
}

/** Where a delivery is: next in its lane, waiting for its time or for one before it, with a claimant, or at its end. */
export type RowState = 'ready' | 'later' | 'blocked' | 'claimed' | Exclude<DeliveryStatus, 'pending'>

/**
 * A delivery, as small as can be while nothing has happened to it: a fan-out to a thousand endpoints makes a
 * thousand of these.
 */
export interface Row {
  readonly entry: EventEntry
  readonly ordinal: number
  readonly endpointId: string
  readonly direction: Delivery['direction']
  readonly lane: string
  readonly ordered: boolean
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
  /** Absent until it is retried by hand. */
  attemptsBefore?: number
  crashes: number
  body: RenderedBody | undefined
  lastError: string | undefined
  cause: string | undefined
  externalId: string | undefined
  finishedAtMs: number | undefined
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
  cause: undefined,
  externalId: undefined,
  finishedAtMs: undefined,
  isTest: false,
}

/** Makes an event with its rows. */
export function createEntry(
  event: StoredEvent,
  deliveries: readonly NewDelivery[],
  sequence: number,
  createdAtMs: number,
): EventEntry {
  const rows: Row[] = []
  const entry = { event, rows, sequence, createdAtMs, open: deliveries.length, older: undefined, newer: undefined }
  deliveries.forEach(({ endpointId, direction, lane, ordered, dueAtMs, isTest }, ordinal) => {
    const history = isTest ? { ...UNTOUCHED, isTest } : undefined
    rows.push({ entry, ordinal, endpointId, direction, lane, ordered, state: 'later', dueAtMs, history })
  })
  return entry
}

/** The part of a row that is only kept once something happened. */
export function historyOf(row: Row): History {
  row.history ??= { ...UNTOUCHED }
  return row.history
}

/** Whether it has not ended yet. */
export function isOpen({ state }: Row): boolean {
  return state !== 'succeeded' && state !== 'failed' && state !== 'cancelled'
}

/** The state in the terms of the interface. */
export function statusOf({ state }: Row): DeliveryStatus {
  return state === 'succeeded' || state === 'failed' || state === 'cancelled' ? state : 'pending'
}

/** Why the last attempt failed, as a code. */
export function causeOf({ history }: Row): string {
  return history?.cause ?? NO_CAUSE
}

/** The row as others see it. */
export function toDelivery(row: Row): Delivery {
  const { event, createdAtMs } = row.entry
  const { token: _token, leaseUntilMs: _lease, ...history } = row.history ?? UNTOUCHED
  return {
    id: deliveryId(event.id, row.ordinal),
    direction: row.direction,
    eventId: event.id,
    eventType: event.type,
    tenant: event.tenant,
    subject: event.subject,
    endpointId: row.endpointId,
    lane: row.lane,
    status: statusOf(row),
    dueAtMs: row.dueAtMs,
    createdAtMs,
    ...history,
  }
}

/** The row as its claimant gets it. */
export function toClaimed(row: Row, token: string): ClaimedDelivery {
  return { delivery: toDelivery(row), event: row.entry.event, token, ordered: row.ordered }
}
