import type { EventMap } from './event.ts'

/**
 * Whether a pattern takes an event type.
 *
 * Both are split at full stops. `*` alone takes every non-empty type. Otherwise the numbers of segments must be
 * equal; a segment `*` takes exactly one non-empty segment, any other must be equal, case-sensitive. A star is a
 * wildcard only as a whole segment. No regular expression is built, so no pattern can be slow.
 *
 * @example
 * matchesPattern('deal.*', 'deal.updated') // true
 * matchesPattern('*.updated', 'deal.updated') // true
 * matchesPattern('deal.*', 'deal.note.created') // false: three segments
 */
export function matchesPattern(pattern: string, type: string): boolean {
  if (type === '' || pattern === '') return false
  if (pattern === '*' || pattern === type) return true
  if (!pattern.includes('*')) return false
  const wanted = pattern.split('.')
  const given = type.split('.')
  return wanted.length === given.length && wanted.every((segment, i) => matchesSegment(segment, given[i] ?? ''))
}

function matchesSegment(wanted: string, given: string): boolean {
  return wanted === '*' ? given !== '' : wanted === given
}

/** Whether a type-level pattern takes a type-level event type; the rule of {@link matchesPattern}. */
export type Matches<Pattern extends string, Type extends string> = Pattern extends '*'
  ? true
  : Pattern extends `${infer PatternHead}.${infer PatternRest}`
    ? Type extends `${infer TypeHead}.${infer TypeRest}`
      ? PatternHead extends '*' | TypeHead
        ? MatchesRest<PatternRest, TypeRest>
        : false
      : false
    : Pattern extends Type
      ? true
      : false

type MatchesRest<Pattern extends string, Type extends string> = Pattern extends `${string}.${string}`
  ? Matches<Pattern, Type>
  : Type extends `${string}.${string}`
    ? false
    : Pattern extends '*' | Type
      ? true
      : false

/** The types of an event map that a pattern takes. */
export type MatchingTypes<Events extends EventMap, Pattern extends string> = {
  [Type in keyof Events & string]: Matches<Pattern, Type> extends true ? Type : never
}[keyof Events & string]

/**
 * The known name that is most like a wrong one, for error messages: `deal.update` → `deal.updated`.
 * `undefined` when nothing is near.
 */
export function nearestName(wrong: string, names: Iterable<string>): string | undefined {
  let best: string | undefined
  let bestDistance = Math.max(2, Math.floor(wrong.length / 3)) + 1
  const folded = fold(wrong)
  for (const name of names) {
    const distance = editDistance(folded, fold(name), bestDistance)
    if (distance < bestDistance) [best, bestDistance] = [name, distance]
  }
  return best
}

function fold(name: string): string {
  return name
    .slice(0, 100)
    .toLowerCase()
    .replace(/[_\-/:]/g, '.')
}

/** Levenshtein distance, or `limit` as soon as it cannot be smaller. */
function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) >= limit) return limit
  let previous = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const substitution = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      row.push(Math.min(substitution, (previous[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1))
    }
    previous = row
  }
  return previous[b.length] ?? limit
}
