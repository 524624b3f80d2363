import type { Clock } from '../clock.ts'

/** An attempt under way. */
export interface Watched {
  readonly lane: string
  readonly startedAtMs: number
  slow: boolean
  takesSlot: boolean
}

/** Tells when an attempt has been under way for long, with one timer for all of them. */
export class SlowWatch {
  readonly #clock: Clock
  readonly #afterMs: number
  readonly #onSlow: (watched: Watched) => void
  /** In the order of their start. */
  readonly #quick = new Set<Watched>()
  #armed = false

  constructor(clock: Clock, afterMs: number, onSlow: (watched: Watched) => void) {
    this.#clock = clock
    this.#afterMs = afterMs
    this.#onSlow = onSlow
  }

  begin(lane: string, takesSlot: boolean): Watched {
    const watched: Watched = { lane, startedAtMs: this.#clock.now(), slow: false, takesSlot }
    this.#quick.add(watched)
    this.#arm(this.#afterMs)
    return watched
  }

  end(watched: Watched): void {
    this.#quick.delete(watched)
  }

  #arm(delayMs: number): void {
    if (this.#armed || delayMs === Number.POSITIVE_INFINITY) return
    this.#armed = true
    this.#clock.setTimer(() => this.#check(), delayMs)
  }

  #check(): void {
    this.#armed = false
    const nowMs = this.#clock.now()
    for (const watched of this.#quick) {
      const remainingMs = watched.startedAtMs + this.#afterMs - nowMs
      // More than all of it remains only when the clock was put back; then slow is the safe guess.
      if (remainingMs > 0 && remainingMs <= this.#afterMs) {
        this.#arm(remainingMs)
        return
      }
      this.#quick.delete(watched)
      watched.slow = true
      this.#onSlow(watched)
    }
  }
}
