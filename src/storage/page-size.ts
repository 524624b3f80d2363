import { limitOf } from '../model/limit.ts'
import type { PageRequest } from './store.ts'

const DEFAULT_LIMIT = 50
const MAX_LIMIT = 250

/** How many items a page has, in every store. */
export function pageSize({ limit }: PageRequest): number {
  return limitOf(limit, DEFAULT_LIMIT, MAX_LIMIT)
}
