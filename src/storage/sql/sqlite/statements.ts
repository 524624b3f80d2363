import type { Lanes } from '../lanes.ts'
import type { QueueStatements } from '../queue.ts'
import type { Tables } from '../tables.ts'
import { sqliteClaim } from './claim.ts'
import { sqliteEnqueue } from './enqueue.ts'
import { giveTurns, sqliteSettle } from './settle.ts'

/** The queue in SQLite's words. */
export function sqliteStatements(tables: Tables, lanes: Lanes): QueueStatements {
  return {
    enqueue: sqliteEnqueue(tables, lanes),
    ...sqliteClaim(tables, lanes),
    settle: sqliteSettle(tables),
    giveTurns: groups => giveTurns(tables, groups),
  }
}
