import type { Locks } from './database.ts'

/** What one caller has written, and how he is answered. */
export interface Member<In, Out> {
  readonly items: readonly In[]
  resolve(results: readonly Out[]): void
  reject(error: unknown): void
}

/** How those wait whose write was given up. */
export type Waits = Pick<Locks, 'patienceMs' | 'isLocked'>

/** Members that are written at once: each takes a connection while it waits. */
const MAX_WRITES = 4

/**
 * Those who need what somebody else has locked. A few at once are written, each alone, so that none holds a lock while
 * it waits for another. One that was waiting in vain goes to the end of the line, until its time is over: then it is
 * told so, and nothing of it was stored.
 */
export class LockLine<In, Out> {
  readonly #write: (items: readonly In[]) => Promise<readonly Out[]>
  readonly #locks: Waits
  /** By a clock that is not put forward or back. */
  readonly #waiting: Array<{ readonly member: Member<In, Out>; readonly sinceMs: number }> = []
  #writes = 0

  constructor(write: (items: readonly In[]) => Promise<readonly Out[]>, locks: Waits) {
    this.#write = write
    this.#locks = locks
  }

  /** Whether a write failed because somebody else had locked something. */
  isLocked(error: unknown): boolean {
    return this.#locks.isLocked(error)
  }

  add(member: Member<In, Out>): void {
    this.#waiting.push({ member, sinceMs: performance.now() })
    this.#next()
  }

  #next(): void {
    const first = this.#writes < MAX_WRITES ? this.#waiting.shift() : undefined
    if (first === undefined) return
    const { member, sinceMs } = first
    this.#writes++
    void this.#write(member.items)
      .then(member.resolve, (error: unknown) => {
        const isOver = performance.now() - sinceMs >= this.#locks.patienceMs
        if (isOver || !this.#locks.isLocked(error)) member.reject(error)
        else this.#waiting.push(first)
      })
      .finally(() => {
        this.#writes--
        this.#next()
      })
  }
}
