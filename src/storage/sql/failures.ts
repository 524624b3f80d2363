import { deliveryId } from '../../model/delivery.ts'
import { groupLimit, NO_CAUSE } from '../../model/failure.ts'
import type { FailureFilter, FailureGroup } from '../store.ts'
import type { Database } from './database.ts'
import { ofCause, ofStatus } from './delivery-filter.ts'
import { DIRECTION, readDirection } from './rows.ts'
import { join, type Row, raw, type Sql, sql } from './statement.ts'
import { readNumber, readText, readTextOrUndefined } from './values.ts'

/** Counts failed deliveries by endpoint and cause: lane by lane first, as the index has them. */
export async function readFailures(database: Database, filter: FailureFilter): Promise<readonly FailureGroup[]> {
  const [deliveries, lanes, events] = [
    raw(database.tables.deliveries),
    raw(database.tables.lanes),
    raw(database.tables.events),
  ]
  const known = raw(`coalesce(cause, '${NO_CAUSE}')`)
  // Of a group, only the events' numbers are known; the sample is the last delivery of the newest.
  const rows = await database.read(sql`with g as (
      select l.direction, l.endpoint_id, c.cause, sum(c.total) as total, min(c.oldest) as oldest,
        max(c.newest) as newest, max(c.event_no) as event_no
      from (select d.lane_no, ${known} as cause, count(*) as total, min(d.finished_at_ms) as oldest,
          max(d.finished_at_ms) as newest, max(d.event_no) as event_no
        from ${deliveries} d where ${failed(database, filter)} group by d.lane_no, d.cause) c
      join ${lanes} l on l.no = c.lane_no group by l.direction, l.endpoint_id, c.cause
      order by total desc, newest desc, event_no desc limit ${groupLimit(filter.limit)})
    select g.*, e.id as event_id, e.type as event_type, s.ordinal, s.last_error
    from g join ${events} e on e.no = g.event_no
    join ${deliveries} s on s.event_no = g.event_no and s.ordinal = (
      select max(d.ordinal) from ${deliveries} d join ${lanes} l on l.no = d.lane_no
      where d.event_no = g.event_no and ${ofStatus('failed')} and l.direction = g.direction
        and l.endpoint_id = g.endpoint_id and ${known} = g.cause)
    order by g.total desc, g.newest desc, g.event_no desc`)
  return rows.map(row => readGroup(row, filter))
}

/** The conditions on deliveries `d`. */
function failed({ tables }: Database, { tenant, endpointId, cause, direction }: FailureFilter): Sql {
  const conditions = [ofStatus('failed')]
  if (endpointId !== undefined) {
    conditions.push(sql`d.lane_no in (select no from ${raw(tables.lanes)} where endpoint_id = ${endpointId})`)
  }
  if (cause !== undefined) conditions.push(ofCause(cause))
  if (direction !== undefined) conditions.push(sql`d.direction = ${DIRECTION[direction]}`)
  if (tenant !== undefined) {
    conditions.push(
      sql`exists (select 1 from ${raw(tables.events)} e where e.no = d.event_no and e.tenant = ${tenant})`,
    )
  }
  return join(conditions, ' and ')
}

function readGroup(row: Row, { tenant }: FailureFilter): FailureGroup {
  return {
    endpointId: readText(row, 'endpoint_id'),
    cause: readText(row, 'cause'),
    ...(tenant !== undefined && { tenant }),
    direction: readDirection(row),
    count: readNumber(row, 'total'),
    oldestAtMs: readNumber(row, 'oldest'),
    newestAtMs: readNumber(row, 'newest'),
    sample: {
      deliveryId: deliveryId(readText(row, 'event_id'), readNumber(row, 'ordinal')),
      eventType: readText(row, 'event_type'),
      lastError: readTextOrUndefined(row, 'last_error'),
    },
  }
}
