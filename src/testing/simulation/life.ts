import type { Owner } from './scheduler.ts'

/** One run of a process, from its start to its death. */
export class Life implements Owner {
  readonly process: string
  /** `sender.2`: the second time that `sender` was started. */
  readonly name: string
  pausedUntilMs = 0
  #dead = false
  readonly #onDeath = new Set<() => void>()

  constructor(process: string, number: number) {
    this.process = process
    this.name = `${process}.${number}`
  }

  get dead(): boolean {
    return this.#dead
  }

  /** Calls back when it dies, at once when it is dead. The answer takes that back. */
  onDeath(callback: () => void): () => void {
    if (this.#dead) callback()
    else this.#onDeath.add(callback)
    return () => void this.#onDeath.delete(callback)
  }

  die(): void {
    if (this.#dead) return
    this.#dead = true
    for (const callback of this.#onDeath) callback()
    this.#onDeath.clear()
  }
}
