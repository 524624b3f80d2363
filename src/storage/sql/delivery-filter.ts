import { NO_CAUSE } from '../../model/failure.ts'
import type { DeliveryFilter } from '../store.ts'
import { readCursor } from './paging.ts'
import { DIRECTION, STATE } from './rows.ts'
import { join, raw, type Sql, type SqlValue, sql } from './statement.ts'
import { indexable, keyPart, wholeMs } from './values.ts'

/** The conditions of a filter on deliveries `d`, lanes `l` and events `e`; the status is a condition of its own. */
export function filterDeliveries(filter: Omit<DeliveryFilter, 'status'>): Sql {
  const conditions: Sql[] = [sql`true`]
  const equal = (column: string, value: SqlValue | undefined): void => {
    if (value !== undefined) conditions.push(sql`${raw(column)} = ${value}`)
  }
  equal('e.tenant', filter.tenant)
  equal('l.endpoint_id', filter.endpointId)
  equal('e.id', filter.eventId)
  equal('e.type', filter.eventType)
  if (filter.subject !== undefined) conditions.push(ofSubject(filter.subject))
  equal('d.direction', filter.direction && DIRECTION[filter.direction])
  if (filter.cause !== undefined) conditions.push(ofCause(filter.cause))
  if (filter.sinceMs !== undefined) conditions.push(sql`e.created_at_ms >= ${wholeMs(filter.sinceMs)}`)
  if (filter.untilMs !== undefined) conditions.push(sql`e.created_at_ms < ${wholeMs(filter.untilMs)}`)
  const before = readCursor(filter)
  if (before !== undefined) conditions.push(sql`(d.event_no, d.ordinal) < (${before[0]}, ${before[1]})`)
  return join(conditions, ' and ')
}

/** Found by the part that stands in the index, and then by all of it. */
function ofSubject(subject: string): Sql {
  const given = sql`cast(${subject} as text)`
  return sql`${keyPart(raw('e.subject'))} = ${keyPart(given)} and e.subject = ${given}`
}

/** A condition on the cause of deliveries `d`. */
export function ofCause(cause: string): Sql {
  const same = sql`d.cause = ${indexable(cause)}`
  return cause === NO_CAUSE ? sql`(d.cause is null or ${same})` : same
}

/** A condition on the status of deliveries `d`. */
export function ofStatus(status: DeliveryFilter['status']): Sql {
  if (status === undefined) return sql`true`
  // Numbers in the text: an index that is for one state only is used for nothing else.
  return raw(status === 'pending' ? 'd.state < 3' : `d.state = ${STATE[status]}`)
}
