/** Where the library takes the time from. Hand in another one (see `manualClock` in `crm-webhooks/testing`) to test. */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number
  /** Calls `callback` once, `delayMs` from now. The answer cancels it; cancelling twice is harmless. */
  setTimer(callback: () => void, delayMs: number): () => void
}

/** A raw timer above 2^31-1 ms fires at once, so longer delays are cut into pieces. */
const MAX_TIMER_MS = 2_147_483_647

/** The real clock: `Date.now` and `setTimeout`. */
export const systemClock: Clock = {
  now: () => Date.now(),
  setTimer(callback, delayMs) {
    if (delayMs <= MAX_TIMER_MS) {
      const short = setTimeout(callback, Math.max(0, delayMs))
      return () => clearTimeout(short)
    }
    let timer: ReturnType<typeof setTimeout>
    const arm = (remainingMs: number): void => {
      const stepMs = Math.min(Math.max(0, remainingMs), MAX_TIMER_MS)
      timer = setTimeout(() => (remainingMs > stepMs ? arm(remainingMs - stepMs) : callback()), stepMs)
    }
    arm(delayMs)
    return () => clearTimeout(timer)
  },
}
