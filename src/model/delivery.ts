/** An event as it is stored: once, however many endpoints get it. */
export interface StoredEvent {
  readonly id: string
  readonly tenant: string | undefined
  readonly type: string
  /** When it happened, in milliseconds since the epoch. */
  readonly timestampMs: number
  /** What it is about: a case, a record. Orders deliveries, and finds them again. */
  readonly subject: string | undefined
  /** JSON text. */
  readonly data: string
  readonly metadata: Readonly<Record<string, string>>
}

/** The id of an event's delivery, by its place among them, from 0. */
export function deliveryId(eventId: string, ordinal: number): string {
  return `${eventId}_${ordinal}`
}

/** The event and the place that a delivery's id names; `undefined` for anything else. */
export function parseDeliveryId(id: string): { readonly eventId: string; readonly ordinal: number } | undefined {
  const at = id.lastIndexOf('_')
  const ordinal = id.slice(at + 1)
  return at > 0 && /^(0|[1-9]\d{0,8})$/.test(ordinal)
    ? { eventId: id.slice(0, at), ordinal: Number(ordinal) }
    : undefined
}

/** `pending` waits or is under way; the others are final, until somebody retries. */
export type DeliveryStatus = 'pending' | 'succeeded' | 'failed' | 'cancelled'

/** One event for one endpoint (or, inbound, for one receiver). */
export interface Delivery {
  readonly id: string
  readonly direction: 'outbound' | 'inbound'
  readonly eventId: string
  readonly eventType: string
  readonly tenant: string | undefined
  readonly subject: string | undefined
  /** The endpoint, or the receiver's name. */
  readonly endpointId: string
  /** Deliveries of one lane may wait for each other; lanes never wait for lanes. */
  readonly lane: string
  readonly status: DeliveryStatus
  /** When the next attempt is due, in milliseconds since the epoch. */
  readonly dueAtMs: number
  /** Attempts that were made. */
  readonly attempts: number
  /** Tries of the schedule that were used; an attempt that was told when to come back uses none. */
  readonly triesUsed: number
  /** Attempts that were made before somebody retried it by hand, the last time. Absent where nobody did. */
  readonly attemptsBefore?: number
  /** How often a worker died with it. */
  readonly crashes: number
  /**
   * The rendered body, from the first failure on, so that every attempt sends the same bytes. Absent, too, where the
   * store cannot read it.
   */
  readonly body: RenderedBody | undefined
  /** Why the last attempt failed, in words without secrets. */
  readonly lastError: string | undefined
  /**
   * The same as a code that is equal for equal causes: `http_503`, a transport's code (`timeout`, `dns_failed`, …),
   * `response_error`, `render_failed`, `not_registered` (a preset or scheme that the process was not given),
   * `endpoint_gone`, `endpoint_deleted`, `worker_died`, `unexpected_error`, `body_unreadable` (encrypted with a key that
   * the store does not have, or changed); inbound
   * `timeout` or `handler_failed`, with the error's code or class where it has one: `handler_failed:TypeError`.
   */
  readonly cause: string | undefined
  /** What the receiving system calls the record that it made. */
  readonly externalId: string | undefined
  readonly isTest: boolean
  readonly createdAtMs: number
  /** When it succeeded, failed for good or was cancelled. */
  readonly finishedAtMs: number | undefined
}

/** What is sent: the same bytes on every attempt. */
export interface RenderedBody {
  readonly bytes: Uint8Array
  readonly contentType: string
}

/** One HTTP exchange, outbound or inbound. Secrets are masked and bodies capped before it is stored. */
export interface Attempt {
  readonly id: string
  readonly direction: 'outbound' | 'inbound'
  readonly deliveryId: string | undefined
  readonly eventId: string | undefined
  readonly eventType: string | undefined
  readonly tenant: string | undefined
  readonly subject: string | undefined
  readonly endpointId: string
  /** From 1. */
  readonly number: number
  readonly startedAtMs: number
  readonly durationMs: number
  readonly outcome: 'succeeded' | 'failed'
  readonly method: string
  readonly url: string
  /** Empty, as the bodies are, where the sender keeps little of what succeeds (`logSuccesses: 'brief'`). */
  readonly requestHeaders: Readonly<Record<string, string>>
  readonly requestBody: string
  /** `undefined` when there was no answer. */
  readonly status: number | undefined
  readonly responseHeaders: Readonly<Record<string, string>>
  readonly responseBody: string
  /** `timeout`, `connection_refused`, `http_status`, `response_error`, … */
  readonly errorCode: string | undefined
  readonly errorMessage: string | undefined
  readonly externalId: string | undefined
  readonly isTest: boolean
}
