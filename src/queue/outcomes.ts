import type { ClaimedDelivery } from '../storage/store.ts'
import type { AttemptEnd, Outcome } from './settler.ts'

/** After so many workers died with it, a delivery is set aside. */
export const MAX_CRASHES = 3

/** It did not begin: somebody may claim it again at once. */
export function givenBack(claimed: ClaimedDelivery): Outcome {
  return { claimed, end: { next: { status: 'returned', dueAtMs: claimed.delivery.dueAtMs } } }
}

/** It is not tried again, since it may be what the workers died of. */
export function setAside(claimed: ClaimedDelivery, atMs: number): Outcome {
  const lastError = `set aside: ${MAX_CRASHES} workers ended while they had it`
  return { claimed, end: { next: { status: 'failed', atMs }, lastError, cause: 'worker_died' } }
}

/** So often an attempt that breaks is tried again: for a day and a half. */
const MAX_BROKEN = 12
const FIRST_WAIT_MS = 60_000

/** The attempt itself is broken: it is tried again in a minute, in two, in four, and given up in the end. */
export function broken({ delivery }: ClaimedDelivery, nowMs: number): AttemptEnd {
  const lastError = 'the attempt failed unexpectedly'
  const triesUsed = delivery.triesUsed + 1
  const waitMs = FIRST_WAIT_MS * 2 ** Math.min(delivery.triesUsed, MAX_BROKEN - 2)
  const next =
    triesUsed < MAX_BROKEN
      ? ({ status: 'pending', dueAtMs: nowMs + waitMs, triesUsed } as const)
      : ({ status: 'failed', atMs: nowMs } as const)
  return { next, lastError, cause: 'unexpected_error' }
}

/** Whether it, or what waited for it, may be claimed now. */
export function setsFree({ claimed, end }: Outcome, nowMs: number): boolean {
  return claimed.ordered !== false || ('dueAtMs' in end.next && end.next.dueAtMs <= nowMs)
}
