import { type Attempt, type Delivery, type DeliveryStatus, deliveryId, type StoredEvent } from '../../model/delivery.ts'
import { type Row, type SqlValue, storable } from './statement.ts'
import {
  indexable,
  readBytes,
  readNumber,
  readNumberOrUndefined,
  readText,
  readTextOrUndefined,
  readTexts,
  textOrNull,
  wholeMs,
} from './values.ts'

/** The states of a delivery as they are stored. */
export const STATE = { waiting: 0, claimed: 1, blocked: 2, succeeded: 3, failed: 4, cancelled: 5 } as const

/** The directions as they are stored. */
export const DIRECTION = { outbound: 0, inbound: 1 } as const

/** A delivery's columns `d`, with those of its lane `l`. */
export const DELIVERY_COLUMNS = `d.event_no, d.ordinal, d.due_at_ms, d.direction, d.state, d.attempts, d.tries_used,
  d.attempts_before, d.crashes, d.is_test,
  d.finished_at_ms, d.order_key, d.last_error, d.cause, d.external_id, d.content_type, d.body, d.lane_no,
  l.name as lane, l.endpoint_id`

/** The columns of an event `e`. Named so that they can stand beside a delivery's. */
export const EVENT_COLUMNS = `e.id as event_id, e.type as event_type, e.tenant, e.subject, e.timestamp_ms,
  e.created_at_ms, e.metadata`

const STATUSES: readonly DeliveryStatus[] = ['pending', 'pending', 'pending', 'succeeded', 'failed', 'cancelled']

/** Reads a delivery from its columns, its lane's and its event's. The body is as it is stored. */
export function readDelivery(row: Row): Delivery {
  const eventId = readText(row, 'event_id')
  const bytes = readBytes(row, 'body')
  const attemptsBefore = readNumberOrUndefined(row, 'attempts_before')
  return {
    id: deliveryId(eventId, readNumber(row, 'ordinal')),
    direction: readDirection(row),
    eventId,
    eventType: readText(row, 'event_type'),
    tenant: readTextOrUndefined(row, 'tenant'),
    subject: readTextOrUndefined(row, 'subject'),
    endpointId: readText(row, 'endpoint_id'),
    lane: readText(row, 'lane'),
    status: STATUSES[readNumber(row, 'state')] ?? 'pending',
    dueAtMs: readNumber(row, 'due_at_ms'),
    attempts: readNumber(row, 'attempts'),
    triesUsed: readNumber(row, 'tries_used'),
    ...(attemptsBefore !== undefined && { attemptsBefore }),
    crashes: readNumber(row, 'crashes'),
    body: bytes === undefined ? undefined : { bytes, contentType: readTextOrUndefined(row, 'content_type') ?? '' },
    lastError: readTextOrUndefined(row, 'last_error'),
    cause: readTextOrUndefined(row, 'cause'),
    externalId: readTextOrUndefined(row, 'external_id'),
    isTest: readNumber(row, 'is_test') === 1,
    createdAtMs: readNumber(row, 'created_at_ms'),
    finishedAtMs: readNumberOrUndefined(row, 'finished_at_ms'),
  }
}

/** Reads an event; its data may have been pruned. */
export function readEvent(row: Row): StoredEvent {
  return {
    id: readText(row, 'event_id'),
    tenant: readTextOrUndefined(row, 'tenant'),
    type: readText(row, 'event_type'),
    timestampMs: readNumber(row, 'timestamp_ms'),
    subject: readTextOrUndefined(row, 'subject'),
    data: readTextOrUndefined(row, 'data') ?? 'null',
    metadata: readTexts(row, 'metadata'),
  }
}

/** The columns of an attempt and their types, in the order in which `writeAttempt` gives the values. */
export const ATTEMPT_COLUMNS: ReadonlyArray<readonly [name: string, type: string]> = [
  ['started_at_ms', 'bigint'],
  ['duration_ms', 'double precision'],
  ['direction', 'smallint'],
  ['succeeded', 'smallint'],
  ['is_test', 'smallint'],
  ['number', 'integer'],
  ['status', 'integer'],
  ['id', 'text'],
  ['endpoint_id', 'text'],
  ['delivery_id', 'text'],
  ['event_id', 'text'],
  ['event_type', 'text'],
  ['tenant', 'text'],
  ['subject', 'text'],
  ['method', 'text'],
  ['url', 'text'],
  ['request_headers', 'text'],
  ['request_body', 'text'],
  ['response_headers', 'text'],
  ['response_body', 'text'],
  ['error_code', 'text'],
  ['error_message', 'text'],
  ['external_id', 'text'],
]

/** The values of an attempt's columns. */
export function writeAttempt(attempt: Attempt): readonly SqlValue[] {
  return [
    wholeMs(attempt.startedAtMs),
    attempt.durationMs,
    DIRECTION[attempt.direction],
    attempt.outcome === 'succeeded' ? 1 : 0,
    attempt.isTest ? 1 : 0,
    attempt.number,
    attempt.status ?? null,
    indexable(attempt.id),
    storable(attempt.endpointId),
    textOrNull(attempt.deliveryId),
    textOrNull(attempt.eventId),
    textOrNull(attempt.eventType),
    textOrNull(attempt.tenant),
    textOrNull(attempt.subject),
    storable(attempt.method),
    storable(attempt.url),
    JSON.stringify(attempt.requestHeaders),
    storable(attempt.requestBody),
    JSON.stringify(attempt.responseHeaders),
    storable(attempt.responseBody),
    textOrNull(attempt.errorCode),
    textOrNull(attempt.errorMessage),
    textOrNull(attempt.externalId),
  ]
}

/** Reads an attempt. */
export function readAttempt(row: Row): Attempt {
  return {
    id: readText(row, 'id'),
    direction: readDirection(row),
    deliveryId: readTextOrUndefined(row, 'delivery_id'),
    eventId: readTextOrUndefined(row, 'event_id'),
    eventType: readTextOrUndefined(row, 'event_type'),
    tenant: readTextOrUndefined(row, 'tenant'),
    subject: readTextOrUndefined(row, 'subject'),
    endpointId: readText(row, 'endpoint_id'),
    number: readNumber(row, 'number'),
    startedAtMs: readNumber(row, 'started_at_ms'),
    durationMs: readNumber(row, 'duration_ms'),
    outcome: readNumber(row, 'succeeded') === 1 ? 'succeeded' : 'failed',
    method: readText(row, 'method'),
    url: readText(row, 'url'),
    requestHeaders: readTexts(row, 'request_headers'),
    requestBody: readText(row, 'request_body'),
    status: readNumberOrUndefined(row, 'status'),
    responseHeaders: readTexts(row, 'response_headers'),
    responseBody: readText(row, 'response_body'),
    errorCode: readTextOrUndefined(row, 'error_code'),
    errorMessage: readTextOrUndefined(row, 'error_message'),
    externalId: readTextOrUndefined(row, 'external_id'),
    isTest: readNumber(row, 'is_test') === 1,
  }
}

/** Reads the direction of a row. */
export function readDirection(row: Row): Delivery['direction'] {
  return directionOf(readNumber(row, 'direction'))
}

/** The direction that a stored number stands for. */
export function directionOf(stored: number): Delivery['direction'] {
  return stored === DIRECTION.inbound ? 'inbound' : 'outbound'
}
