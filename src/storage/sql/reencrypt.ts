import { deliveryId } from '../../model/delivery.ts'
import { ifReadable } from '../encryption/sealed-text.ts'
import type { Sealer } from '../encryption/sealer.ts'
import { resealBody } from './bodies.ts'
import type { Database } from './database.ts'
import { join, type Row, raw, type Sql, type Steps, sql } from './statement.ts'
import { hexOrNull, readBytes, readNumber, readText } from './values.ts'

/** What `reencrypt` did. */
export interface Reencrypted {
  /** Endpoints that were encrypted anew. */
  readonly endpoints: number
  /** Rendered bodies that were encrypted anew. */
  readonly bodies: number
  /** What none of the keys opens: it is left as it is. */
  readonly unreadable: number
}

/** How many of some rows were encrypted anew, and how many could not be read. */
export type Resealed = Readonly<Record<'resealed' | 'unreadable', number>>

/** Rows that are looked at together: each may have a large body. */
const MAX_ROWS = 200

/** Seals rendered bodies with the first of the keys, some at a time, each time for good. */
export async function reencryptBodies(database: Database, sealer: Sealer): Promise<Resealed> {
  const [deliveries, events] = [raw(database.tables.deliveries), raw(database.tables.events)]
  const total = { resealed: 0, unreadable: 0 }
  for (let last: readonly [number, number] = [-1, -1]; ; ) {
    const rows: readonly Row[] =
      await database.read(sql`select d.event_no, d.ordinal, d.content_type, d.body, e.id as event_id
        from ${deliveries} d join ${events} e on e.no = d.event_no
        where (d.event_no, d.ordinal) > (${last[0]}, ${last[1]})
        order by d.event_no, d.ordinal limit ${MAX_ROWS}`)
    const changed: Sql[] = []
    for (const row of rows) {
      const renewed = await ifReadable(() => resealRow(row, sealer))
      if (renewed === null) total.unreadable++
      else if (renewed !== undefined) changed.push(renewed)
    }
    total.resealed += changed.length
    if (changed.length > 0) await database.write(() => replaceBodies(database, changed))
    const end = rows.at(-1)
    if (rows.length < MAX_ROWS || end === undefined) return total
    last = [readNumber(end, 'event_no'), readNumber(end, 'ordinal')]
  }
}

/** The row's place, what it had, and what it is to have; `undefined` when it may stay as it is. */
async function resealRow(row: Row, sealer: Sealer): Promise<Sql | undefined> {
  const bytes = readBytes(row, 'body')
  if (bytes === undefined) return undefined
  const [ordinal, contentType] = [readNumber(row, 'ordinal'), readText(row, 'content_type')]
  const body = await resealBody({ bytes, contentType }, deliveryId(readText(row, 'event_id'), ordinal), sealer)
  if (body === undefined) return undefined
  return sql`(cast(${readNumber(row, 'event_no')} as bigint), cast(${ordinal} as integer), ${contentType},
    ${body.contentType}, ${hexOrNull(body.bytes)})`
}

/** A body never becomes another one, but it may be gone by now, or sealed by somebody else. */
function* replaceBodies({ dialect, tables }: Database, changed: readonly Sql[]): Steps<void> {
  const bytes = raw(dialect === 'postgres' ? "decode(r.new_body, 'hex')" : 'unhex(r.new_body)')
  yield sql`with r (event_no, ordinal, old_type, new_type, new_body) as (values ${join(changed, ', ')})
    update ${raw(tables.deliveries)} as d set content_type = r.new_type, body = ${bytes} from r
    where d.event_no = r.event_no and d.ordinal = r.ordinal and d.content_type = r.old_type and d.body is not null
    returning 1`
}
