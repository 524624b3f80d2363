import { type Clock, systemClock } from '../../clock.ts'
import type { MaybePromise } from '../../model/verification.ts'

/** What an event belongs to: it comes to nothing when that is dead, and later when it is paused. */
export interface Owner {
  readonly dead: boolean
  readonly pausedUntilMs: number
}

interface Event {
  dueAtMs: number
  /** Decides between events of the same time. */
  readonly lot: number
  readonly run: () => MaybePromise<void>
  readonly owner: Owner | undefined
}

/** Taken at the beginning: a test may put its own in the place of the runtime's. */
const { setImmediate: immediate } = globalThis as { readonly setImmediate?: (callback: () => void) => unknown }

/** Ends a turn of the event loop: by then every promise that nothing outside must settle has gone on. */
export function turn(): Promise<void> {
  return new Promise(resolve => {
    if (immediate === undefined) systemClock.setTimer(resolve, 0)
    else immediate(resolve)
  })
}

/** Runs what was put off, one after the other, in virtual time. Events of the same time go in the order of a lot. */
export class Scheduler {
  readonly #random: () => number
  readonly #events = new Set<Event>()
  readonly startMs: number
  #nowMs: number

  constructor(random: () => number, startMs: number) {
    this.#random = random
    this.startMs = startMs
    this.#nowMs = startMs
  }

  get nowMs(): number {
    return this.#nowMs
  }

  /** Runs `run` once, `delayMs` from now. The answer cancels it. */
  after(delayMs: number, run: () => MaybePromise<void>, owner?: Owner): () => void {
    // Timers of real clocks count whole milliseconds too.
    const event: Event = { dueAtMs: this.#nowMs + Math.max(0, Math.ceil(delayMs)), lot: this.#random(), run, owner }
    this.#events.add(event)
    return () => void this.#events.delete(event)
  }

  /** The clock of one owner. */
  clockOf(owner: Owner): Clock {
    return {
      now: () => this.#nowMs,
      setTimer: (callback, delayMs) => (owner.dead ? () => {} : this.after(delayMs, callback, owner)),
    }
  }

  /** Runs the next event, and all that follows from it at once. `false` when there is none. */
  async next(): Promise<boolean> {
    let event: Event | undefined
    for (const one of this.#events) {
      if (event === undefined || one.dueAtMs < event.dueAtMs) event = one
      else if (one.dueAtMs === event.dueAtMs && one.lot < event.lot) event = one
    }
    if (event === undefined) return false
    this.#nowMs = Math.max(this.#nowMs, event.dueAtMs)
    const { owner } = event
    if (owner !== undefined && !owner.dead && owner.pausedUntilMs > this.#nowMs) {
      event.dueAtMs = owner.pausedUntilMs
      return true
    }
    this.#events.delete(event)
    if (owner?.dead) return true
    await event.run()
    await turn()
    return true
  }
}
