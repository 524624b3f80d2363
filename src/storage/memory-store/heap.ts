/** Something with a time. */
export interface Due {
  readonly dueAtMs: number
}

/** Keeps the earliest item on top: adding and taking cost logarithmic time. */
export interface DueHeap<Item extends Due> {
  add(item: Item): void
  peek(): Item | undefined
  take(): Item | undefined
  readonly size: number
}

/** Makes an empty binary heap. */
export function createDueHeap<Item extends Due>(): DueHeap<Item> {
  const items: Item[] = []
  const dueAt = (index: number): number => items[index]?.dueAtMs ?? Number.POSITIVE_INFINITY
  const swap = (a: number, b: number): void => {
    const [left, right] = [items[a], items[b]]
    if (left === undefined || right === undefined) return
    items[a] = right
    items[b] = left
  }
  return {
    add(item) {
      let at = items.push(item) - 1
      while (at > 0) {
        const parent = (at - 1) >> 1
        if (dueAt(parent) <= dueAt(at)) return
        swap(parent, at)
        at = parent
      }
    },
    peek: () => items[0],
    take() {
      const top = items[0]
      const last = items.pop()
      if (top === undefined || last === undefined || items.length === 0) return top
      items[0] = last
      let at = 0
      for (;;) {
        const left = 2 * at + 1
        const smaller = dueAt(left + 1) < dueAt(left) ? left + 1 : left
        if (dueAt(smaller) >= dueAt(at)) return top
        swap(smaller, at)
        at = smaller
      }
    },
    get size() {
      return items.length
    },
  }
}
