import type { EnqueueResult, NewEvent } from '../../store.ts'
import type { Lanes } from '../lanes.ts'
import { orderGroups } from '../order-groups.ts'
import { Cursors, type QueueStatements } from '../queue.ts'
import type { Steps } from '../statement.ts'
import type { Tables } from '../tables.ts'
import { claim, claimText, nextDue, nextDueText } from './claim.ts'
import { enqueue, enqueueStatement, inRounds } from './enqueue.ts'
import { giveTurns, settle, settleText } from './settle.ts'

/** The queue in PostgreSQL's words. */
export function postgresStatements(tables: Tables, lanes: Lanes, channel: string | undefined): QueueStatements {
  const put = enqueueStatement(tables, channel)
  const claims = { all: claimText(tables, false), some: claimText(tables, true) }
  const settles = { plain: settleText(tables, false), withAttempts: settleText(tables, true) }
  const due = nextDueText(tables)
  const cursors = new Cursors()
  return {
    *enqueue(events, nowMs, learn): Steps<EnqueueResult[]> {
      const results = new Map<NewEvent, EnqueueResult>()
      for (const round of inRounds(events)) {
        const found = yield* enqueue(tables, lanes, put, round, nowMs, learn)
        found.forEach((result, index) => {
          const given = round[index]
          if (given !== undefined) results.set(given, result)
        })
      }
      yield* giveTurns(tables, yield* orderGroups(lanes, events, learn))
      return events.map(given => results.get(given) ?? { stored: false, existingEventId: given.event.id })
    },
    claim: request => claim(claims, lanes, cursors, request),
    nextDueAtMs: choice => nextDue(due, lanes, choice),
    settle: settlements => settle(settles, settlements),
    giveTurns: groups => giveTurns(tables, groups),
  }
}
