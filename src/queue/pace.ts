/**
 * Until when a lane is left alone that has to wait for its pace, in milliseconds since the epoch. The pace may be
 * changed meanwhile, so it is asked for again after a poll; after a lease where that takes a claim. This happens for all
 * lanes at the same times, so that the worker wakes up once for all of them.
 */
export function pauseUntilMs(
  waitMs: number,
  nowMs: number,
  takesClaim: boolean,
  { leaseMs, pollMs }: { readonly leaseMs: number; readonly pollMs: number },
): number {
  const askAfterMs = takesClaim ? leaseMs : pollMs
  return Math.min(nowMs + waitMs, Math.ceil((nowMs + askAfterMs) / pollMs) * pollMs)
}
