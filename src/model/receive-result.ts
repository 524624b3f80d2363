/** What a handler says of one record it dealt with. */
export interface RecordOutcome {
  /** Id at the sender. */
  readonly recordId: string
  /** Id of the record that was written in your system. */
  readonly targetId?: string
  readonly status: 'created' | 'updated' | 'skipped' | 'failed'
  /** Shown to the sender when the status is `failed`. */
  readonly message?: string
}

/** An answer body for senders that use it; made by {@link reply}. */
export interface Reply {
  readonly reply: unknown
}

/** What a handler may return. Nothing means that it did its work and has nothing to count. */
export type HandlerOutcome =
  | undefined
  | 'created'
  | 'updated'
  | 'skipped'
  | RecordOutcome
  | readonly RecordOutcome[]
  | Reply

/**
 * Makes a handler's answer the body of the HTTP answer, for senders that read it (Retell's inbound calls and
 * custom functions, Slack commands, Discord interactions).
 *
 * @example receiver.on('call.inbound', () => reply({ call_inbound: { dynamic_variables: { name: 'Ada' } } }))
 */
export function reply(body: unknown): Reply {
  return { reply: body }
}

/** How a request ended. */
export type ReceiveOutcome =
  /** The handlers ran (or there were none for it). */
  | 'handled'
  /** Stored: the handlers run later. */
  | 'accepted'
  /** Seen before and handled then. */
  | 'duplicate'
  /** The same event is being handled right now. */
  | 'in_progress'
  /** A handler threw, or took too long. */
  | 'failed'
  /** Not authentic. */
  | 'refused'
  /** Authentic, but not readable. */
  | 'malformed'
  /** The method is not one that this sender uses. */
  | 'method_not_allowed'
  /** The body is larger than the limit. */
  | 'too_large'
  /** The body did not arrive in time. */
  | 'too_slow'
  /** The set-up is wrong: a framework read the body first. */
  | 'misconfigured'
  /** The store for de-duplication did not answer. */
  | 'unavailable'

/** Whether the sender may forget the event. */
export function isTaken(outcome: ReceiveOutcome): boolean {
  return outcome === 'handled' || outcome === 'accepted' || outcome === 'duplicate'
}

/** One failed record in the answer. */
export interface ReceiveError {
  readonly source_id: string
  readonly message: string
}

/** The answer to a request, before it becomes HTTP. Counts are records, as the handlers reported them. */
export interface ReceiveResult {
  readonly outcome: ReceiveOutcome
  readonly httpStatus: number
  readonly total: number
  readonly created: number
  readonly updated: number
  readonly skipped: number
  readonly failed: number
  /** From the first byte to the answer, in seconds. */
  readonly durationSeconds: number
  readonly errors: readonly ReceiveError[]
  /** The first reply that a handler gave. */
  readonly reply?: Reply
  /** Words for the developer, where the set-up is wrong. */
  readonly message?: string
  /** When the sender should try again. */
  readonly retryAfterSeconds?: number
}
