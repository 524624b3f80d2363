import { type Clock, systemClock } from '../clock.ts'
import { WebhookError } from '../errors.ts'
import type { FieldTable } from '../model/known-fields.ts'
import { checkOptions } from '../model/known-fields.ts'
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

const OPTIONS: FieldTable<MemoryStoreOptions> = {
  maxDedupeEntries: true,
  maxFinishedEvents: true,
  maxIdempotencyKeys: true,
  maxAttempts: true,
  clock: true,
}

/**
 * A store in this process: nothing survives its end, and no other process sees it. Right for tests, for a receiver
 * whose sender retries, and to begin with. It has no transactions: `publish` with one of yours rejects with
 * `unsupported`, since the event would not be undone with your data. In tests, `sqliteStore` on a handle of `:memory:`
 * has them.
 *
 * @throws {WebhookError} `invalid_option`, naming the option.
 * @example createReceiver({ provider, store: memoryStore({ maxDedupeEntries: 10_000 }) })
 */
export function memoryStore(options: MemoryStoreOptions = {}): Store {
  checkOptions(options, Object.keys(OPTIONS), 'memoryStore')
  const { clock = systemClock } = options
  const maxFinishedEvents = limit('maxFinishedEvents', options.maxFinishedEvents ?? 10_000)
  const maxIdempotencyKeys = limit('maxIdempotencyKeys', options.maxIdempotencyKeys ?? 100_000)
  const attempts = new MemoryAttempts(limit('maxAttempts', options.maxAttempts ?? 10_000))
  return {
    endpoints: new MemoryEndpoints(),
    deliveries: new MemoryDeliveries(attempts, { maxFinishedEvents, maxIdempotencyKeys }, () => clock.now()),
    attempts,
    dedupe: memoryDedupeStore(limit('maxDedupeEntries', options.maxDedupeEntries ?? 100_000)),
  }
}

function limit(argument: string, value: number): number {
  if (typeof value === 'number' && value >= 0) return value
  throw new WebhookError('invalid_option', `memoryStore: ${argument} must be a number from 0`, { argument })
}
