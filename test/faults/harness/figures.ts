import type { Figure } from '../scenario.ts'
import type { Books } from './books.ts'

/** A figure that is only told. */
export function told(name: string, value: string): Figure {
  return { name, value, goal: '', reached: true }
}

/** A count that must be at most so many. */
export function atMost(name: string, count: number, most: number, unit = ''): Figure {
  const shown = Number.isInteger(count) ? String(count) : count.toFixed(1)
  return { name, value: shown + unit, goal: (most === 0 ? '0' : `≤ ${most}`) + unit, reached: count <= most }
}

/** A count that must be at least so many. */
export function atLeast(name: string, count: number, least: number, unit = ''): Figure {
  return { name, value: `${count}${unit}`, goal: `≥ ${least}${unit}`, reached: count >= least }
}

/** A count that must be just so. */
export function exactly(name: string, count: number, wanted: number): Figure {
  return { name, value: String(count), goal: String(wanted), reached: count === wanted }
}

/** What every run must come to that delivers so many pairs. */
export function figuresOf(books: Books, pairs: number, mostDuplicates: number): readonly Figure[] {
  return [
    exactly('accepted', books.accepted, pairs),
    atMost('lost', books.lost, 0),
    atMost('unexpected', books.unexpected, 0),
    atMost('duplicates', books.duplicates, mostDuplicates),
    atMost('repeats with another id or other bytes', books.altered, 0),
    atMost('wrong signatures, repeats signed of old', books.wronglySigned, 0),
  ]
}

/** The value that a part of all values do not exceed, by nearest rank. */
export function percentile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil(part * sorted.length) - 1)] ?? Number.NaN
}
