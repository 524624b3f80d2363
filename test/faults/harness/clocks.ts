/** A clock that is wrong: by some time, or put forward and back by `jumpMs` every second. Timers are right. */
export interface WrongClock {
  readonly aheadMs?: number
  readonly jumpMs?: number
}

/** Makes the clock of this whole process wrong, as the library reads it by itself. */
export function spoilClock({ aheadMs = 0, jumpMs = 0 }: WrongClock): void {
  const rightNow = Date.now
  const jump = (nowMs: number): number => [0, 1, 0, -1][Math.floor(nowMs / 1000) % 4] ?? 0
  Date.now = () => {
    const nowMs = rightNow()
    return nowMs + aheadMs + jumpMs * jump(nowMs)
  }
}
