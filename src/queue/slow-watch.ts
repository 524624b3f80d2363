import type { Clock } from '../clock.ts'

/** An attempt under way. */
export interface Watched {
  readonly lane: string
  readonly startedAtMs: number
  slow: boolean
}

/** Tells when an attempt has been under way for long, with one timer for all of them. */
export class SlowWatch {
  readonly #clock: Clock
  readonly #afterMs: number
  readonly #onSlow: (lane: string) => void
  /** In the order of their start. */
  readonly #quick = new Set<Watched>()
  #armed = false

  constructor(clock: Clock, afterMs: number, onSlow: (lane: string) => void) {
    this.#clock = clock
    this.#afterMs = afterMs
    this.#onSlow = onSlow
  }

  begin(lane: string): Watched {
    const watched: Watched = { lane, startedAtMs: this.#clock.now(), slow: false }
    this.#quick.add(watched)
    this.#arm(this.#afterMs)
    return watched
  }

  /** Whether it ended before it was slow. */
  end(watched: Watched): boolean {
    this.#quick.delete(watched)
    return !watched.slow
  }

  #arm(delayMs: number): void {
    if (this.#armed) return
    this.#armed = true
    this.#clock.setTimer(() => this.#check(), delayMs)
  }

  #check(): void {
    this.#armed = false
    const nowMs = this.#clock.now()
    for (const watched of this.#quick) {
      const remainingMs = watched.startedAtMs + this.#afterMs - nowMs
      if (remainingMs > 0) {
        this.#arm(remainingMs)
        return
      }
      this.#quick.delete(watched)
      watched.slow = true
      this.#onSlow(watched.lane)
    }
  }
}
