import type { Clock } from '../clock.ts'
import { Fifo } from './fifo.ts'

/** Something that must be done in time. */
export interface Deadline {
  readonly dueAtMs: number
  readonly onLate: () => void
  done: boolean
}

/**
 * Watches over many things that all have the same time, with one timer instead of one for each: setting and clearing
 * a timer for every request takes a tenth of what a request costs.
 */
export class Deadlines {
  private readonly clock: Clock
  private readonly afterMs: number
  /** In the order in which they fall due. */
  private readonly waiting = new Fifo<Deadline>()
  private open = 0
  private cancelTimer: (() => void) | undefined

  /** @param afterMs `Infinity` where there is no hurry. */
  constructor(clock: Clock, afterMs: number) {
    this.clock = clock
    this.afterMs = afterMs
  }

  begin(onLate: () => void): Deadline {
    const deadline: Deadline = { dueAtMs: this.clock.now() + this.afterMs, onLate, done: false }
    this.waiting.push(deadline)
    this.open++
    if (this.cancelTimer === undefined && this.afterMs < Number.POSITIVE_INFINITY) this.arm(this.afterMs)
    return deadline
  }

  end(deadline: Deadline): void {
    if (deadline.done) return
    deadline.done = true
    this.open--
    while (this.waiting.peek()?.done) this.waiting.shift()
    // Left to run out where it keeps nothing alive: the next thing to watch over needs it again.
    if (this.open > 0 || this.clock.setBackgroundTimer !== undefined) return
    this.cancelTimer?.()
    this.cancelTimer = undefined
  }

  private arm(delayMs: number): void {
    const { clock } = this
    const check = (): void => this.check()
    this.cancelTimer = clock.setBackgroundTimer?.(check, delayMs) ?? clock.setTimer(check, delayMs)
  }

  private check(): void {
    this.cancelTimer = undefined
    const nowMs = this.clock.now()
    for (let first = this.waiting.peek(); first !== undefined; first = this.waiting.peek()) {
      const remainingMs = first.dueAtMs - nowMs
      // More than all of it remains only when the clock was put back; then late is the safe guess.
      if (!first.done && remainingMs > 0 && remainingMs <= this.afterMs) {
        this.arm(remainingMs)
        return
      }
      this.waiting.shift()
      if (first.done) continue
      this.end(first)
      first.onLate()
    }
  }
}
