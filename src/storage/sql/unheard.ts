import type { ClaimTicket } from '../store.ts'
import type { Database } from './database.ts'
import { groupsOf, type QueueStatements } from './queue.ts'
import { list, raw, type Steps, sql } from './statement.ts'

/** Tokens in one statement: databases limit the number of parameters. */
const MAX_TOKENS = 500

/**
 * Claims that were not answered, those of what was stored claimed included. What they may have taken is nobody's, and no
 * worker died with it: the next claim that comes through gives it back first, instead of its lease running out.
 */
export class UnheardClaims {
  readonly #database: Database
  readonly #queue: QueueStatements
  /** By their tokens: when their leases run out. */
  readonly #untilMs = new Map<string, number>()

  constructor(database: Database, queue: QueueStatements) {
    this.#database = database
    this.#queue = queue
  }

  /** Nothing that was claimed with its token may have been handed out. */
  add({ token, leaseUntilMs }: ClaimTicket): void {
    this.#untilMs.set(token, leaseUntilMs)
  }

  async giveBack(nowMs: number): Promise<void> {
    for (const [token, untilMs] of this.#untilMs) if (untilMs <= nowMs) this.#untilMs.delete(token)
    const tokens = [...this.#untilMs.keys()]
    for (let from = 0; from < tokens.length; from += MAX_TOKENS) {
      const some = tokens.slice(from, from + MAX_TOKENS)
      await this.#database.transaction(() => this.#release(some))
      for (const token of some) this.#untilMs.delete(token)
    }
  }

  *#release(tokens: readonly string[]): Steps<void> {
    // The condition on the lease is always true: it names the index of what is under way.
    const rows = yield sql`update ${raw(this.#database.tables.deliveries)}
      set state = 0, token = null, lease_until_ms = null
      where state = 1 and lease_until_ms >= 0 and token in ${list(tokens)} returning lane_no, order_key`
    yield* this.#queue.giveTurns(groupsOf(rows))
  }
}
