import type { DedupeStore } from './dedupe-store.ts'
import { memoryDedupeStore } from './memory-dedupe-store.ts'

/** Options of {@link memoryStore}. */
export interface MemoryStoreOptions {
  /** How many handled events are remembered. Default 100,000; the oldest is forgotten first. */
  readonly maxDedupeEntries?: number
}

/** Everything in this process: nothing survives its end, and no other process sees it. */
export interface MemoryStore {
  readonly dedupe: DedupeStore
}

/**
 * A store in memory, the default. Right for tests, for a single process whose sender retries, and to begin with.
 *
 * @example createReceiver({ provider, store: memoryStore({ maxDedupeEntries: 10_000 }) })
 */
export function memoryStore(options: MemoryStoreOptions = {}): MemoryStore {
  return { dedupe: memoryDedupeStore(options.maxDedupeEntries) }
}
