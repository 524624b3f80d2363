import type { Attempt, Delivery } from '../model/delivery.ts'
import type { DisabledReason } from '../model/endpoint.ts'
import type { FieldTable } from '../model/known-fields.ts'

/** What a sender tells of its deliveries. Endpoints can subscribe to the same, as `webhook.delivery.exhausted` and so on. */
export interface SenderLifecycle {
  'delivery.succeeded': { readonly delivery: Delivery; readonly attempt: Attempt }
  /** An attempt failed; `nextAttemptAtMs` is `undefined` when it was the last. */
  'delivery.failed': {
    readonly delivery: Delivery
    readonly attempt: Attempt
    readonly nextAttemptAtMs: number | undefined
  }
  /** Given up: the schedule is used up, or another try cannot help. Without an attempt where none was made any more. */
  'delivery.exhausted': {
    readonly delivery: Delivery
    readonly attempt: Attempt | undefined
    /** `exhausted`, `not_retryable`, `gone`, or words. */
    readonly reason: string
  }
  'endpoint.disabled': {
    readonly endpointId: string
    readonly tenant: string | undefined
    readonly reason: DisabledReason
  }
  'endpoint.recovered': { readonly endpointId: string; readonly tenant: string | undefined }
}

/** The names of what a sender tells. */
export const SENDER_LIFECYCLE: FieldTable<SenderLifecycle> = {
  'delivery.succeeded': true,
  'delivery.failed': true,
  'delivery.exhausted': true,
  'endpoint.disabled': true,
  'endpoint.recovered': true,
}
