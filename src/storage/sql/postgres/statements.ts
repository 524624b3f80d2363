import type { EnqueueResult, NewEvent } from '../../store.ts'
import type { Lanes } from '../lanes.ts'
import { orderGroups } from '../order-groups.ts'
import { type Claimed, Cursors, groupsOf, type QueueStatements } from '../queue.ts'
import { DIRECTION } from '../rows.ts'
import type { Steps } from '../statement.ts'
import { blockedText, claim, claimText, nextDue, nextDueText } from './claim.ts'
import type { PostgresDatabase } from './database.ts'
import { enqueue, enqueueStatement, inRounds } from './enqueue.ts'
import { giveTurns, settle, settleText } from './settle.ts'

/** The queue in PostgreSQL's words. */
export function postgresStatements(
  { tables, locks }: PostgresDatabase,
  lanes: Lanes,
  channel: string | undefined,
): QueueStatements {
  const put = enqueueStatement(tables, channel, locks.hurry)
  const claims = { all: claimText(tables, false), some: claimText(tables, true) }
  const blocked = blockedText(tables)
  const settles = { plain: settleText(tables, false), withAttempts: settleText(tables, true) }
  const due = nextDueText(tables)
  const cursors = new Cursors()
  return {
    *enqueue(events, nowMs, own): Steps<EnqueueResult[]> {
      const results = new Map<NewEvent, EnqueueResult>()
      for (const round of inRounds(events)) {
        const found = yield* enqueue(tables, lanes, put, round, nowMs, own)
        found.forEach((result, index) => {
          const given = round[index]
          if (given !== undefined) results.set(given, result)
        })
      }
      // In the host's transaction a turn cannot be given: it may not see what others have written, and the lock would be
      // held until it ends. The claim looks whose turn it is.
      if (own) yield* giveTurns(tables, yield* orderGroups(lanes, events, own))
      return events.map(given => results.get(given) ?? { stored: false, existingEventId: given.event.id })
    },
    *claim(request): Steps<Claimed> {
      const { rows, blockedLanes } = yield* claim(claims, lanes, cursors, request)
      if (blockedLanes.length === 0) return { rows }
      return {
        rows,
        *giveTurns(): Steps<boolean> {
          const values = [blockedLanes, DIRECTION[request.direction], request.nowMs]
          const groups = groupsOf(yield { text: blocked, values, planAnew: true })
          yield* giveTurns(tables, groups)
          return groups.length > 0
        },
      }
    },
    nextDueAtMs: choice => nextDue(due, lanes, choice),
    settle: settlements => settle(settles, settlements),
    giveTurns: groups => giveTurns(tables, groups),
  }
}
