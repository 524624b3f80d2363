import type { ReceivedEvent } from '../model/event.ts'
import type { FieldTable } from '../model/known-fields.ts'
import type { ReceiveOutcome, RecordOutcome } from '../model/receive-result.ts'

/** A request that did not become an event. */
export interface RejectedRequest {
  readonly outcome: Extract<
    ReceiveOutcome,
    'refused' | 'malformed' | 'method_not_allowed' | 'too_large' | 'too_slow' | 'misconfigured'
  >
  /** The precise cause: `signature_mismatch`, `timestamp_too_old`, `invalid_data`, … */
  readonly code: string
  /** The cause in words, without secrets. Not told to the sender. */
  readonly message: string
  readonly method: string
  readonly remoteAddress: string | undefined
}

/** What a receiver tells of itself. */
export interface ReceiverLifecycle {
  /** A request was verified and read; once for each event in it. */
  received: { readonly event: ReceivedEvent }
  rejected: RejectedRequest
  /** Handled before (`in_progress: false`), or being handled right now. */
  duplicate: { readonly event: ReceivedEvent; readonly inProgress: boolean }
  handled: { readonly event: ReceivedEvent; readonly records: readonly RecordOutcome[] }
  /** A handler threw, or was not done in time. */
  failed: { readonly event: ReceivedEvent; readonly error: unknown; readonly timedOut: boolean }
  /** The provider's description does not list the event's type. */
  unrouted: { readonly event: ReceivedEvent }
}

/** The names of what a receiver tells. */
export const RECEIVER_LIFECYCLE: FieldTable<ReceiverLifecycle> = {
  received: true,
  rejected: true,
  duplicate: true,
  handled: true,
  failed: true,
  unrouted: true,
}
