/** Lanes of which the store may hold something that is due: what a worker has heard of and had no room for. */
export class LanesInStore {
  /** How many claims had begun when it was learnt. */
  readonly #since = new Map<string, number>()
  /** Those among them that have got room since they were taken last. */
  readonly #opened = new Set<string>()
  #claims = 0

  has(name: string): boolean {
    return this.#since.has(name)
  }

  /** It may hold something: what is published has to go the same way, and waits for that. */
  add(name: string): void {
    this.#since.set(name, this.#claims)
  }

  /** The worker has room for the lane, which it had not. */
  gotRoom(name: string): void {
    if (this.#since.has(name)) this.#opened.add(name)
  }

  /** Whether there is one to claim for. */
  get opened(): boolean {
    return this.#opened.size > 0
  }

  takeOpened(): readonly string[] {
    const names = [...this.#opened]
    this.#opened.clear()
    return names
  }

  claimBegins(): void {
    this.#claims++
  }

  /** A claim has brought all that there was of some lanes, when it began. */
  emptied(is: (name: string) => boolean): void {
    for (const [name, since] of this.#since) if (since < this.#claims && is(name)) this.#since.delete(name)
  }
}
