import type { Clock } from '../clock.ts'
import type { NewId } from '../ids.ts'
import type { Delivery } from '../model/delivery.ts'
import type { Logger } from '../model/logger.ts'
import type { ClaimedDelivery, DeliveryStore } from '../storage/store.ts'
import type { AttemptEnd, Outcome } from './settler.ts'

/** What a worker is made of. It knows no direction: the attempt is handed in. */
export interface WorkerOptions {
  readonly deliveries: DeliveryStore
  readonly direction: Delivery['direction']
  /** The lanes that it serves. Default: all of its direction. */
  readonly lanes?: ReadonlySet<string>
  /** Makes one attempt. Must not reject; when it does, the delivery is tried again a minute later. */
  readonly perform: (claimed: ClaimedDelivery, signal: AbortSignal) => Promise<AttemptEnd>
  /** How many deliveries of its lane may be under way at once, in this worker. */
  readonly laneLimit: (claimed: ClaimedDelivery) => number
  /**
   * Asked when a delivery is about to start: how long it must still wait for its turn at a rate limit, in
   * milliseconds; 0 when it goes now.
   */
  readonly paceMs?: (claimed: ClaimedDelivery) => number
  /** An outcome is written. `changed` is `false` when the delivery was cancelled, or somebody else holds it by now. */
  readonly onSettled?: (outcome: Outcome, changed: boolean) => void
  readonly clock: Clock
  /** Makes the tokens of leases. Default: random ones. */
  readonly newId?: NewId
  readonly logger: Logger
  /** Attempts under way at once that count; one that takes long no longer does. */
  readonly slots: number
  /**
   * Attempts under way at once, the slow ones included, and with those that are not written yet: as many as others would
   * repeat if this process died.
   */
  readonly maxOpen: number
  /** How many deliveries are held at most, those under way included, whatever the slots: events may be large. */
  readonly maxHeld?: number
  /** From when on an attempt no longer takes a slot. `Infinity` where slowness says nothing. */
  readonly slowAfterMs: number
  readonly leaseMs: number
  /** How often the store is asked when nothing wakes the worker. */
  readonly pollMs: number
  /** How long an outcome waits to be written together with others. */
  readonly settleAfterMs: number
}
