import { type Clock, systemClock } from '../clock.ts'
import { MemoryAttempts } from './memory-store/attempts.ts'
import { memoryDedupeStore } from './memory-store/dedupe.ts'
import { MemoryDeliveries } from './memory-store/deliveries.ts'
import { MemoryEndpoints } from './memory-store/endpoints.ts'
import type { Store } from './store.ts'

/** Options of {@link memoryStore}. What is beyond a limit, or up to an eighth more, is forgotten, the oldest first. */
export interface MemoryStoreOptions {
  /** Handled events that a receiver remembers. Default 100,000. */
  readonly maxDedupeEntries?: number
  /** Events all of whose deliveries ended, kept for lists and replays. Default 10,000. Pending ones are always kept. */
  readonly maxFinishedEvents?: number
  /** Default 100,000. */
  readonly maxIdempotencyKeys?: number
  /** Entries of the exchange log. Default 10,000. */
  readonly maxAttempts?: number
  readonly clock?: Clock
}

/**
 * A store in this process: nothing survives its end, and no other process sees it. Right for tests, for a receiver
 * whose sender retries, and to begin with.
 *
 * @example createReceiver({ provider, store: memoryStore({ maxDedupeEntries: 10_000 }) })
 */
export function memoryStore(options: MemoryStoreOptions = {}): Store {
  const { maxFinishedEvents = 10_000, maxIdempotencyKeys = 100_000, clock = systemClock } = options
  const attempts = new MemoryAttempts(options.maxAttempts ?? 10_000)
  return {
    endpoints: new MemoryEndpoints(),
    deliveries: new MemoryDeliveries(attempts, { maxFinishedEvents, maxIdempotencyKeys }, () => clock.now()),
    attempts,
    dedupe: memoryDedupeStore(options.maxDedupeEntries),
  }
}
