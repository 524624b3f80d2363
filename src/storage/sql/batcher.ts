import { systemClock } from '../../clock.ts'
import { WebhookError } from '../../errors.ts'
import { LockLine, type Member, type Waits } from './lock-line.ts'

/** How groups are written. */
export interface BatcherOptions {
  /** See {@link Batcher}. Default 0. */
  readonly restMs?: () => number
  /** For writes that give up what somebody else has locked. */
  readonly locks?: Waits | undefined
}

const UNAVAILABLE: ReadonlySet<string> = new Set(['store_unavailable', 'store_outcome_unknown'])
/** Items in one write. */
const MAX_ITEMS = 500
/** Writes under way at once. */
const MAX_WRITES = 2
/** So many do not wait for more. */
const ENOUGH_ITEMS = 200

/**
 * Writes together what callers ask for at the same time: in the same turn of the event loop, or while earlier writes
 * are under way. When the write of a group fails, each member is written alone, so that one cannot spoil the others.
 * A member that needs what somebody else has locked goes on waiting for that beside the others.
 *
 * With `restMs`, writes come one after the other and begin at least so many milliseconds apart, unless enough has come
 * together: what comes after a quiet time is written at once, and under load groups are large.
 */
export class Batcher<In, Out> {
  readonly #write: (items: readonly In[]) => Promise<readonly Out[]>
  readonly #restMs: () => number
  #waiting: Array<Member<In, Out>> = []
  #items = 0
  #writes = 0
  #scheduled = false
  #begunAtMs = Number.NEGATIVE_INFINITY
  #cancelRest: (() => void) | undefined
  readonly #line: LockLine<In, Out> | undefined

  constructor(
    write: (items: readonly In[]) => Promise<readonly Out[]>,
    { restMs = () => 0, locks }: BatcherOptions = {},
  ) {
    this.#write = write
    this.#restMs = restMs
    this.#line = locks && new LockLine(write, locks)
  }

  /** Resolves with one result for each item, once they are written. */
  add(items: readonly In[]): Promise<readonly Out[]> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ items, resolve, reject })
      this.#items += items.length
      this.#schedule()
    })
  }

  #schedule(): void {
    if (this.#scheduled || this.#writes >= MAX_WRITES || this.#waiting.length === 0) return
    const restMs = this.#items < ENOUGH_ITEMS ? this.#restMs() : 0
    if (restMs > 0 && this.#writes > 0) return
    const leftMs = Math.min(restMs, this.#begunAtMs + restMs - systemClock.now())
    if (leftMs > 0) {
      this.#cancelRest ??= systemClock.setTimer(() => this.#begin(), leftMs)
      return
    }
    this.#scheduled = true
    queueMicrotask(() => this.#begin())
  }

  #begin(): void {
    this.#scheduled = false
    this.#cancelRest?.()
    this.#cancelRest = undefined
    const group = this.#writes < MAX_WRITES ? this.#take() : []
    if (group.length === 0) return
    this.#writes++
    this.#begunAtMs = systemClock.now()
    void this.#run(group).finally(() => {
      this.#writes--
      this.#schedule()
    })
    this.#schedule()
  }

  #take(): Array<Member<In, Out>> {
    let count = 0
    const end = this.#waiting.findIndex((member, index) => {
      count += member.items.length
      return index > 0 && count > MAX_ITEMS
    })
    const group = this.#waiting.splice(0, end === -1 ? this.#waiting.length : end)
    for (const { items } of group) this.#items -= items.length
    return group
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
      await this.#failed(group, error)
    }
  }

  async #failed(group: ReadonlyArray<Member<In, Out>>, error: unknown): Promise<void> {
    const isLocked = this.#line?.isLocked(error) === true
    // A store that does not answer does not answer each of them either.
    const isUnavailable = !isLocked && error instanceof WebhookError && UNAVAILABLE.has(error.code)
    const isSplit = group.length > 1 && !isUnavailable
    for (const member of group) {
      if (isSplit) await this.#run([member])
      else if (isLocked) this.#line?.add(member)
      else member.reject(error)
    }
  }
}
