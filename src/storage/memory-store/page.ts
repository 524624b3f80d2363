import { pageSize } from '../page-size.ts'
import type { Page, PageRequest } from '../store.ts'

/**
 * Fills one page from items that come newest first, and asks for no more of them than that takes.
 *
 * @param cursorOf the place of an item, from which the next page goes on.
 */
export function fillPage<Item, Out>(
  items: Iterable<Item>,
  request: PageRequest,
  cursorOf: (item: Item) => string,
  show: (item: Item) => Out,
): Page<Out> {
  const size = pageSize(request)
  const page: Out[] = []
  let last: Item | undefined
  for (const item of items) {
    if (page.length === size && last !== undefined) return { items: page, cursor: cursorOf(last) }
    page.push(show(item))
    last = item
  }
  return { items: page }
}

/** The number in a cursor; `-1`, which nothing is older than, for a made-up one; `Infinity` without one. */
export function readCursor(cursor: string | undefined): number {
  if (cursor === undefined) return Number.POSITIVE_INFINITY
  return /^\d{1,15}$/.test(cursor) ? Number(cursor) : -1
}
