import type { Page, PageRequest } from '../store.ts'
import type { Row } from './statement.ts'
import { readNumber } from './values.ts'

/** The two numbers of a cursor, after which the page begins; ones that nothing comes after for a made-up cursor. */
export function readCursor({ cursor }: PageRequest): readonly [number, number] | undefined {
  if (cursor === undefined) return undefined
  const parts = /^(\d{1,15})\.(\d{1,15})$/.exec(cursor)
  return parts === null ? [-1, -1] : [Number(parts[1]), Number(parts[2])]
}

/** A page of rows of which one more was asked for than it has. The columns are those that the list is sorted by. */
export function toPage<Item>(
  rows: readonly Row[],
  size: number,
  columns: readonly [string, string],
  read: (row: Row) => Item,
): Page<Item> {
  const items = rows.slice(0, size).map(read)
  const last = rows[size - 1]
  if (rows.length <= size || last === undefined) return { items }
  return { items, cursor: `${readNumber(last, columns[0])}.${readNumber(last, columns[1])}` }
}
