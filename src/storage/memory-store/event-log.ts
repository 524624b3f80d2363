import type { DeliveryFilter } from '../store.ts'
import type { EventEntry, Row } from './row.ts'
import { causeOf, statusOf } from './row.ts'

/** Rows of one event that a cursor can tell apart. */
const MAX_ROWS = 1_000_000

/** Events in this process, by id and by age. */
export class EventLog {
  readonly #byId = new Map<string, EventEntry>()
  #newest: EventEntry | undefined

  get(id: string): EventEntry | undefined {
    return this.#byId.get(id)
  }

  add(entry: EventEntry): void {
    this.#byId.set(entry.event.id, entry)
    entry.older = this.#newest
    if (this.#newest !== undefined) this.#newest.newer = entry
    this.#newest = entry
  }

  delete(entry: EventEntry): void {
    this.#byId.delete(entry.event.id)
    if (entry.older !== undefined) entry.older.newer = entry.newer
    if (entry.newer !== undefined) entry.newer.older = entry.older
    else this.#newest = entry.older
  }

  /** Rows that match, newest first, older than a position. */
  *rows(filter: DeliveryFilter, before = Number.POSITIVE_INFINITY): Generator<Row> {
    const one = filter.eventId === undefined ? undefined : this.#byId.get(filter.eventId)
    if (filter.eventId !== undefined && one === undefined) return
    for (let entry = one ?? this.#newest; entry !== undefined; entry = one ? undefined : entry.older) {
      if (entry.sequence * MAX_ROWS >= before) continue
      for (let i = entry.rows.length - 1; i >= 0; i--) {
        const row = entry.rows[i]
        if (row !== undefined && positionOf(row) < before && matches(row, filter)) yield row
      }
    }
  }
}

/** The place of a row among all, by age. */
export function positionOf({ entry, ordinal }: Row): number {
  return entry.sequence * MAX_ROWS + ordinal
}

/** Whether an event is a tenant's; `undefined` stands for all tenants. */
export function isOf({ event }: EventEntry, tenant: string | undefined): boolean {
  return tenant === undefined || event.tenant === tenant
}

/** Whether a row fits a filter, paging aside. */
export function matches(row: Row, filter: DeliveryFilter): boolean {
  const { event, createdAtMs } = row.entry
  const same = <T>(wanted: T | undefined, value: T | undefined): boolean => wanted === undefined || wanted === value
  return (
    isOf(row.entry, filter.tenant) &&
    same(filter.endpointId, row.endpointId) &&
    same(filter.eventId, event.id) &&
    same(filter.eventType, event.type) &&
    same(filter.subject, event.subject) &&
    same(filter.status, statusOf(row)) &&
    same(filter.cause, causeOf(row)) &&
    same(filter.direction, row.direction) &&
    (filter.sinceMs === undefined || createdAtMs >= filter.sinceMs) &&
    (filter.untilMs === undefined || createdAtMs < filter.untilMs)
  )
}
