import { WebhookError } from '../../errors.ts'

interface Member<In, Out> {
  readonly items: readonly In[]
  resolve(results: readonly Out[]): void
  reject(error: unknown): void
}

const UNAVAILABLE: ReadonlySet<string> = new Set(['store_unavailable', 'store_outcome_unknown'])
/** Items in one write. */
const MAX_ITEMS = 500
/** Writes under way at once. */
const MAX_WRITES = 2

/**
 * Writes together what callers ask for at the same time: in the same turn of the event loop, or while earlier writes
 * are under way. When the write of a group fails, each member is written alone, so that one cannot spoil the others.
 */
export class Batcher<In, Out> {
  readonly #write: (items: readonly In[]) => Promise<readonly Out[]>
  #waiting: Array<Member<In, Out>> = []
  #writes = 0
  #scheduled = false

  constructor(write: (items: readonly In[]) => Promise<readonly Out[]>) {
    this.#write = write
  }

  /** Resolves with one result for each item, once they are written. */
  add(items: readonly In[]): Promise<readonly Out[]> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ items, resolve, reject })
      this.#schedule()
    })
  }

  #schedule(): void {
    if (this.#scheduled || this.#writes >= MAX_WRITES || this.#waiting.length === 0) return
    this.#scheduled = true
    queueMicrotask(() => {
      this.#scheduled = false
      const group = this.#take()
      if (group.length === 0) return
      this.#writes++
      void this.#run(group).finally(() => {
        this.#writes--
        this.#schedule()
      })
      this.#schedule()
    })
  }

  #take(): Array<Member<In, Out>> {
    let count = 0
    const end = this.#waiting.findIndex((member, index) => {
      count += member.items.length
      return index > 0 && count > MAX_ITEMS
    })
    return this.#waiting.splice(0, end === -1 ? this.#waiting.length : end)
  }

  async #run(group: ReadonlyArray<Member<In, Out>>): Promise<void> {
    try {
      const results = await this.#write(group.flatMap(({ items }) => items))
      let from = 0
      for (const { items, resolve } of group) {
        resolve(results.slice(from, from + items.length))
        from += items.length
      }
    } catch (error) {
      // A store that does not answer does not answer each of them either.
      const unavailable = error instanceof WebhookError && UNAVAILABLE.has(error.code)
      if (group.length === 1 || unavailable) for (const { reject } of group) reject(error)
      else for (const member of group) await this.#run([member])
    }
  }
}
