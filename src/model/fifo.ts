/** First in, first out, in constant time. */
export class Fifo<Item extends object> {
  #items: Array<Item | undefined> = []
  #head = 0

  get size(): number {
    return this.#items.length - this.#head
  }

  peek(): Item | undefined {
    return this.#items[this.#head]
  }

  push(item: Item): void {
    this.#items.push(item)
  }

  shift(): Item | undefined {
    const item = this.#items[this.#head]
    if (item === undefined) return undefined
    this.#items[this.#head++] = undefined
    // Not as soon as it is empty: one that holds a thing at a time would begin anew with each.
    if (this.#head > 16 && this.#head * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#head)
      this.#head = 0
    }
    return item
  }

  /** Puts an item before those that it precedes. Looks from the end: cheap for the newest. */
  insert(item: Item, precedes: (item: Item, other: Item) => boolean): void {
    let at = this.#items.length
    for (; at > this.#head; at--) {
      const other = this.#items[at - 1]
      if (other === undefined || !precedes(item, other)) break
    }
    if (at === this.#items.length) this.#items.push(item)
    else this.#items.splice(at, 0, item)
  }
}
