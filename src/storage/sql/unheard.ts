import type { ClaimRequest } from '../store.ts'
import type { Database } from './database.ts'
import { groupsOf, type QueueStatements } from './queue.ts'
import { list, raw, type Steps, sql } from './statement.ts'

/**
 * Claims that were not answered. What they may have taken is nobody's, and no worker died with it: the next claim that
 * comes through gives it back first, instead of its lease running out.
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
  add({ token, leaseUntilMs }: ClaimRequest): void {
    this.#untilMs.set(token, leaseUntilMs)
  }

  async giveBack(nowMs: number): Promise<void> {
    for (const [token, untilMs] of this.#untilMs) if (untilMs <= nowMs) this.#untilMs.delete(token)
    const tokens = [...this.#untilMs.keys()]
    if (tokens.length === 0) return
    const [deliveries, queue] = [raw(this.#database.tables.deliveries), this.#queue]
    await this.#database.transaction(function* (): Steps<void> {
      // The condition on the lease is always true: it names the index of what is under way.
      const rows = yield sql`update ${deliveries} set state = 0, token = null, lease_until_ms = null
        where state = 1 and lease_until_ms >= 0 and token in ${list(tokens)} returning lane_no, order_key`
      yield* queue.giveTurns(groupsOf(rows))
    })
    for (const token of tokens) this.#untilMs.delete(token)
  }
}
