/**
 * Remembers the values of the latest few keys. For what is asked for again within moments: a `WeakMap` would keep it for
 * as long as its key lives.
 */
export class Recent<Key extends object, Value> {
  readonly #keys: Array<Key | undefined> = []
  readonly #values: Array<Value | undefined> = []
  #next = 0

  /** The remembered value, or the one that `make` makes now. */
  get(key: Key, make: () => Value): Value {
    const known = this.#values[this.#keys.indexOf(key)]
    if (known !== undefined) return known
    const value = make()
    this.#keys[this.#next] = key
    this.#values[this.#next] = value
    this.#next = (this.#next + 1) % SIZE
    return value
  }
}

const SIZE = 8
