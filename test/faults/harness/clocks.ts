import { type Clock, systemClock } from 'crm-webhooks'

/** A clock that is wrong: fixed by some time, or put forward and back by `jumpMs` every second. Its timers are right. */
export interface WrongClock {
  readonly aheadMs?: number
  readonly jumpMs?: number
}

/** The clock of a process. */
export function clockOf({ aheadMs = 0, jumpMs = 0 }: WrongClock = {}): Clock {
  const jump = (nowMs: number): number => [0, 1, 0, -1][Math.floor(nowMs / 1000) % 4] ?? 0
  return {
    ...systemClock,
    now() {
      const nowMs = Date.now()
      return nowMs + aheadMs + jumpMs * jump(nowMs)
    },
  }
}
