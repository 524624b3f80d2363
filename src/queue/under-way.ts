import type { Clock } from '../clock.ts'
import { type Deadline, Deadlines } from '../model/deadlines.ts'
import type { ClaimedDelivery } from '../storage/store.ts'

/** An attempt under way. */
export interface Running {
  readonly claimed: ClaimedDelivery
  readonly abort: AbortController
  readonly startedAtMs: number
  /** It has been under way for long. */
  slow: boolean
  takesSlot: boolean
  slowness: Deadline | undefined
  /** Where it stands among the others. */
  place: number
}

/** The attempts under way: how many there are, which of them take a slot, and which take long. */
export class UnderWay {
  /** In no order: the last one takes the place of one that ends. */
  readonly #running: Running[] = []
  readonly #clock: Clock
  readonly #slowness: Deadlines
  readonly #onSlow: (running: Running) => void
  /** One for each attempt, since a signal that all share would have too many listeners; used again, since they are dear. */
  readonly #spareAborts: AbortController[] = []
  #slots = 0

  /** @param slowAfterMs from when on an attempt no longer takes a slot. */
  constructor(clock: Clock, slowAfterMs: number, onSlow: (running: Running) => void) {
    this.#clock = clock
    this.#slowness = new Deadlines(clock, slowAfterMs)
    this.#onSlow = onSlow
  }

  /** How many there are. */
  get open(): number {
    return this.#running.length
  }

  /** How many of them take a slot. */
  get slots(): number {
    return this.#slots
  }

  begin(claimed: ClaimedDelivery, takesSlot: boolean): Running {
    const abort = this.#spareAborts.pop() ?? new AbortController()
    const place = this.#running.length
    const startedAtMs = this.#clock.now()
    const running: Running = { claimed, abort, startedAtMs, slow: false, takesSlot, slowness: undefined, place }
    this.#running.push(running)
    if (takesSlot) this.#slots++
    running.slowness = this.#slowness.begin(() => {
      running.slow = true
      this.#freeSlot(running)
      this.#onSlow(running)
    })
    return running
  }

  end(running: Running): void {
    const { abort, place, slowness } = running
    if (slowness !== undefined) this.#slowness.end(slowness)
    const last = this.#running.pop()
    if (last !== undefined && last !== running) {
      this.#running[place] = last
      last.place = place
    }
    if (!abort.signal.aborted) this.#spareAborts.push(abort)
    this.#freeSlot(running)
  }

  abortAll(): void {
    for (const { abort } of [...this.#running]) abort.abort()
  }

  #freeSlot(running: Running): void {
    if (running.takesSlot) this.#slots--
    running.takesSlot = false
  }
}
