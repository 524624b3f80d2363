import type { EnqueueResult, NewEvent } from '../../store.ts'
import { NEW_DELIVERY_COLUMNS, NEW_EVENT_COLUMNS, scopeOf, writeDelivery, writeEvent } from '../events.ts'
import { idOf, type Lanes, laneOf } from '../lanes.ts'
import { orderGroups } from '../order-groups.ts'
import { type Steps, storable } from '../statement.ts'
import type { Tables } from '../tables.ts'
import { indexable, readNumber, readText } from '../values.ts'
import { giveTurns } from './settle.ts'

/** Stores events one by one: SQLite is in this process, where a statement costs next to nothing. */
export function sqliteEnqueue(tables: Tables, lanes: Lanes) {
  const insertKey = `insert into ${tables.idempotency} (created_at_ms, scope, key, event_id) values (?, ?, ?, ?)
    on conflict (scope, key) do nothing returning 1`
  const findKey = `select event_id from ${tables.idempotency} where scope = ? and key = ?`
  const insertEvent = `insert into ${tables.events} (${NEW_EVENT_COLUMNS.map(([name]) => name).join(', ')})
    values (${NEW_EVENT_COLUMNS.map(() => '?').join(', ')}) on conflict (id) do nothing`
  const insertDelivery = `insert into ${tables.deliveries} (event_no, ${NEW_DELIVERY_COLUMNS.map(([name]) => name).join(', ')})
    values (?, ${NEW_DELIVERY_COLUMNS.map(() => '?').join(', ')})`

  return function* enqueue(events: readonly NewEvent[], nowMs: number, own: boolean): Steps<EnqueueResult[]> {
    const numbers = yield* lanes.resolve(
      events.flatMap(({ deliveries }) => deliveries.map(laneOf)),
      own,
    )
    const results: EnqueueResult[] = []
    for (const given of events) results.push(yield* enqueueOne(given, numbers, nowMs))
    yield* giveTurns(tables, yield* orderGroups(lanes, events, own))
    return results
  }

  function* enqueueOne(given: NewEvent, numbers: ReadonlyMap<string, number>, nowMs: number): Steps<EnqueueResult> {
    const { event, idempotencyKey } = given
    if (idempotencyKey !== undefined) {
      const key = [scopeOf(event.tenant), indexable(idempotencyKey)]
      const added = yield { text: insertKey, values: [nowMs, ...key, storable(event.id)] }
      if (added.length === 0) {
        const [row] = yield { text: findKey, values: key }
        return { stored: false, existingEventId: row === undefined ? event.id : readText(row, 'event_id') }
      }
    }
    const [row = {}] = yield { text: insertEvent, values: writeEvent(given, nowMs), counts: true }
    if (readNumber(row, 'changes') === 0) return { stored: false, existingEventId: event.id }
    const eventNumber = readNumber(row, 'last_no')
    for (const [ordinal, delivery] of given.deliveries.entries()) {
      const lane = numbers.get(idOf(laneOf(delivery))) ?? 0
      yield { text: insertDelivery, values: [eventNumber, ...writeDelivery(given, delivery, ordinal, lane, true)] }
    }
    return { stored: true }
  }
}
