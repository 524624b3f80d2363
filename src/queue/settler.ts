import type { Clock } from '../clock.ts'
import type { Logger } from '../model/logger.ts'
import type { DeliveryStore, Settlement } from '../storage/store.ts'

/** Settlements in one write. */
const MAX_BATCH = 200
const RETRY_MS = 1_000

/** Writes the ends of attempts in groups. */
export interface Settler {
  add(settlement: Settlement): void
  /** Resolves when everything that was added has been written. */
  idle(): Promise<void>
  /** Settlements that are not written yet. */
  readonly pending: number
}

/**
 * @param delayMs how long the first of a group waits for others; 0 gathers what ends in the same turn of the event
 * loop.
 */
export function createSettler(deliveries: DeliveryStore, clock: Clock, logger: Logger, delayMs: number): Settler {
  let waiting: Settlement[] = []
  let writing = 0
  let scheduled = false
  let idleListeners: Array<() => void> = []

  const schedule = (afterMs: number): void => {
    if (scheduled) return
    scheduled = true
    if (afterMs > 0) clock.setTimer(flush, afterMs)
    else queueMicrotask(flush)
  }
  function flush(): void {
    scheduled = false
    const batch = waiting.slice(0, MAX_BATCH)
    waiting = waiting.slice(MAX_BATCH)
    if (batch.length === 0) return
    if (waiting.length > 0) schedule(0)
    writing += batch.length
    deliveries.settle(batch).then(
      () => done(batch),
      (error: unknown) => {
        logger.error('webhook store did not answer: outcomes wait to be written', { count: batch.length, error })
        clock.setTimer(() => {
          writing -= batch.length
          waiting = [...batch, ...waiting]
          schedule(0)
        }, RETRY_MS)
      },
    )
  }
  function done(batch: readonly Settlement[]): void {
    writing -= batch.length
    if (writing > 0 || waiting.length > 0) return
    const listeners = idleListeners
    idleListeners = []
    for (const listener of listeners) listener()
  }
  return {
    add(settlement) {
      waiting.push(settlement)
      if (waiting.length >= MAX_BATCH) schedule(0)
      else schedule(delayMs)
    },
    idle: () =>
      writing === 0 && waiting.length === 0
        ? Promise.resolve()
        : new Promise(resolve => {
            idleListeners.push(resolve)
          }),
    get pending() {
      return writing + waiting.length
    },
  }
}
