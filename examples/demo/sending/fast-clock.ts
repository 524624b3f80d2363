import { type Clock, systemClock } from 'crm-webhooks'

/** A clock on which time runs so many times as fast, its timers included: days of retries in seconds. */
export function fastClock(factor: number, startMs: number): Clock {
  const originMs = performance.now()
  return {
    now: () => Math.floor(startMs + (performance.now() - originMs) * factor),
    setTimer: (callback, delayMs) => systemClock.setTimer(callback, Math.ceil(delayMs / factor)),
  }
}
