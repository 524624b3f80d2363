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

/** The attempt itself is broken: it is tried again in a minute. */
export function broken(nowMs: number): AttemptEnd {
  const lastError = 'the attempt failed unexpectedly'
  return { next: { status: 'returned', dueAtMs: nowMs + 60_000 }, lastError, cause: 'unexpected_error' }
}

/** Whether it, or what waited for it, may be claimed now. */
export function setsFree({ claimed, end }: Outcome, nowMs: number): boolean {
  return claimed.ordered !== false || ('dueAtMs' in end.next && end.next.dueAtMs <= nowMs)
}
