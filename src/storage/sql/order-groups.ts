import type { NewEvent } from '../store.ts'
import { orderKey } from './events.ts'
import { idOf, type Lanes, laneOf } from './lanes.ts'
import type { OrderGroup } from './queue.ts'
import type { Steps } from './statement.ts'

/** The orders that new deliveries belong to. */
export function* orderGroups(lanes: Lanes, events: readonly NewEvent[], own: boolean): Steps<OrderGroup[]> {
  const ordered = events.flatMap(given =>
    given.deliveries.filter(one => one.ordered).map(one => ({ subject: given.event.subject, key: laneOf(one) })),
  )
  if (ordered.length === 0) return []
  const numbers = yield* lanes.resolve(
    ordered.map(({ key }) => key),
    own,
  )
  const groups = new Map<string, OrderGroup>()
  for (const { subject, key } of ordered) {
    const lane_no = numbers.get(idOf(key)) ?? 0
    const order_key = orderKey(subject)
    groups.set(`${lane_no} ${order_key}`, { lane_no, order_key })
  }
  return [...groups.values()]
}
