import type { Clock } from '../clock.ts'
import type { Logger } from '../model/logger.ts'
import type { ClaimedDelivery, DeliveryStore, Settlement } from '../storage/store.ts'

/** How an attempt ended: what is written about it. */
export interface AttemptEnd extends Omit<Settlement, 'deliveryId' | 'token'> {
  /** Why the delivery is given up, for those who are told of it. Not stored. */
  readonly reason?: string
}

/** The end of an attempt at a delivery. */
export interface Outcome {
  readonly claimed: ClaimedDelivery
  readonly end: AttemptEnd
}

/** Outcomes in one write. */
const MAX_BATCH = 200
const RETRY_MS = 1_000

/** Writes outcomes in groups, again and again until the store takes them. */
export interface Settler {
  add(outcome: Outcome): void
  /** Whether a delivery was claimed whose outcome could not be written in time: then the new claim comes to the same. */
  adopt(claimed: ClaimedDelivery): boolean
  /** Resolves when everything that was added has been written. */
  idle(): Promise<void>
  /** Outcomes that are not written yet. */
  readonly pending: number
}

/** What a settler is made of. */
export interface SettlerOptions {
  readonly deliveries: DeliveryStore
  readonly clock: Clock
  readonly logger: Logger
  /** How long the first of a group waits for others; 0 gathers what ends in the same turn of the event loop. */
  readonly delayMs: number
  /** They are written; `changed` as the store says. */
  readonly onWritten: (outcomes: readonly Outcome[], changed: readonly boolean[]) => void
}

/** Creates a settler. */
export function createSettler({ deliveries, clock, logger, delayMs, onWritten }: SettlerOptions): Settler {
  let waiting: Outcome[] = []
  const writing = new Set<readonly Outcome[]>()
  /** Outcomes that are not written yet. */
  let pending = 0
  let scheduled = false
  /** After a failure, until it is tried again. */
  let resting = false
  /** Shrinks with every failure, so that one that the store cannot take does not hold up the others. */
  let batchSize = MAX_BATCH
  let idleListeners: Array<() => void> = []

  const schedule = (afterMs: number): void => {
    if (scheduled || resting) return
    scheduled = true
    if (afterMs > 0) clock.setTimer(flush, afterMs)
    // Not queueMicrotask, which makes Node keep an async resource for each.
    else void Promise.resolve().then(flush)
  }
  function flush(): void {
    scheduled = false
    if (resting) return
    const batch = waiting.length <= batchSize ? waiting : waiting.slice(0, batchSize)
    waiting = batch === waiting ? [] : waiting.slice(batchSize)
    if (batch.length === 0) return
    writing.add(batch)
    deliveries.settle(batch.map(toSettlement)).then(
      changed => written(batch, changed),
      (error: unknown) => failed(batch, error),
    )
    if (batchSize === MAX_BATCH && waiting.length > 0) schedule(0)
  }
  function written(batch: readonly Outcome[], changed: readonly boolean[]): void {
    writing.delete(batch)
    pending -= batch.length
    batchSize = Math.min(MAX_BATCH, batchSize * 2)
    if (waiting.length > 0) schedule(0)
    onWritten(batch, changed)
    if (pending > 0) return
    const listeners = idleListeners
    idleListeners = []
    for (const listener of listeners) listener()
  }
  function failed(batch: readonly Outcome[], error: unknown): void {
    writing.delete(batch)
    waiting.push(...batch)
    batchSize = Math.max(1, batch.length >> 1)
    logger.error('webhook store did not answer: outcomes wait to be written', { count: batch.length, error })
    if (resting) return
    resting = true
    clock.setTimer(() => {
      resting = false
      schedule(0)
    }, RETRY_MS)
  }
  function add(outcome: Outcome): void {
    waiting.push(outcome)
    pending++
    schedule(delayMs)
  }
  return {
    add,
    adopt(claimed) {
      if (batchSize === MAX_BATCH) return false
      const isOf = (outcome: Outcome): boolean => outcome.claimed.delivery.id === claimed.delivery.id
      const outcome = waiting.find(isOf) ?? [...writing].flat().find(isOf)
      if (outcome !== undefined) add({ claimed, end: outcome.end })
      return outcome !== undefined
    },
    idle: () =>
      pending === 0
        ? Promise.resolve()
        : new Promise(resolve => {
            idleListeners.push(resolve)
          }),
    get pending() {
      return pending
    },
  }
}

/** An outcome as the store takes it. */
export function toSettlement({ claimed, end }: Outcome): Settlement {
  return { deliveryId: claimed.delivery.id, token: claimed.token, ...end }
}
