import { limitOf } from './limit.ts'

/** The cause of failures of which none was noted. */
export const NO_CAUSE = 'unknown'

const DEFAULT_LIMIT = 100
const MAX_LIMIT = 1_000

/** How many groups of failures are answered at most. */
export function groupLimit(limit?: number): number {
  return limitOf(limit, DEFAULT_LIMIT, MAX_LIMIT)
}
