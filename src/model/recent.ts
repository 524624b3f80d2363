/**
 * Remembers the latest few values. For what is asked for again within moments: a `WeakMap` would keep it for as long
 * as its key lives, and costs the garbage collector for every entry.
 */
export class Recent<Key, Value> {
  readonly #values = new Map<Key, Value>()
  readonly #max: number

  constructor(max: number) {
    this.#max = max
  }

  /** The remembered value, or the one that `make` makes now. */
  get(key: Key, make: () => Value): Value {
    const known = this.#values.get(key)
    if (known !== undefined) return known
    const value = make()
    this.#values.set(key, value)
    for (const oldest of this.#values.keys()) {
      if (this.#values.size <= this.#max) break
      this.#values.delete(oldest)
    }
    return value
  }
}
