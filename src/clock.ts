/** Where the library takes the time from. Hand in another one (see `manualClock` in `crm-webhooks/testing`) to test. */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number
  /** Calls `callback` once, `delayMs` from now. The answer cancels it; cancelling twice is harmless. */
  setTimer(callback: () => void, delayMs: number): () => void
  /**
   * The same, for a timer that does not keep the process running. A clock that has it saves one timer per request:
   * those that have become needless are left to run out. Delays up to 2^31-1 ms.
   */
  setBackgroundTimer?(callback: () => void, delayMs: number): () => void
}

/** A raw timer above 2^31-1 ms fires at once, so longer delays are cut into pieces. */
const MAX_TIMER_MS = 2_147_483_647

/** Where timers are numbers: browsers, whose pages run anyway, and Deno. */
interface DenoHost {
  readonly Deno?: { unrefTimer(id: number): void }
}

/** The time, for those who need nothing else of the clock: signatures stay small without the timers. */
export function systemNow(): number {
  return Date.now()
}

/** The real clock: `Date.now` and `setTimeout`. */
export const systemClock: Clock = {
  now: systemNow,
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
  setBackgroundTimer(callback, delayMs) {
    const timer: { unref?(): unknown } | number = setTimeout(callback, Math.min(Math.max(0, delayMs), MAX_TIMER_MS))
    if (typeof timer === 'object') timer.unref?.()
    else (globalThis as DenoHost).Deno?.unrefTimer(timer)
    return () => clearTimeout(timer as ReturnType<typeof setTimeout>)
  },
}
