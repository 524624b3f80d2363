import type { Page, PageRequest } from '../store.ts'

/** Cuts a page out of a list that is in order. The cursor is the last item's id; one that is gone ends the list. */
export function pageOf<Item>(
  items: readonly Item[],
  { limit = 50, cursor }: PageRequest,
  idOf: (item: Item) => string,
): Page<Item> {
  const after = cursor === undefined ? -1 : items.findIndex(item => idOf(item) === cursor)
  if (cursor !== undefined && after === -1) return { items: [] }
  const page = items.slice(after + 1, after + 1 + limit)
  const last = page.at(-1)
  const more = last !== undefined && after + 1 + limit < items.length
  return more ? { items: page, cursor: idOf(last) } : { items: page }
}
