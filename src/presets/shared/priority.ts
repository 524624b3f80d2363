/** Priorities that every preset knows, from most to least pressing. */
export type PriorityLevel = 'critical' | 'high' | 'normal' | 'low' | 'lowest'

/**
 * A target's values by priority: by a level, by any other name that your data uses (compared without case), or by
 * `*` for whatever else comes, no priority included.
 */
export type PriorityTable<Value> = Readonly<Record<string, Value>>

const SYNONYMS: Readonly<Record<string, PriorityLevel>> = {
  critical: 'critical',
  urgent: 'critical',
  emergency: 'critical',
  blocker: 'critical',
  highest: 'critical',
  p1: 'critical',
  high: 'high',
  major: 'high',
  p2: 'high',
  normal: 'normal',
  medium: 'normal',
  moderate: 'normal',
  p3: 'normal',
  low: 'low',
  minor: 'low',
  p4: 'low',
  lowest: 'lowest',
  'very low': 'lowest',
  trivial: 'lowest',
  p5: 'lowest',
}

/**
 * The target's value for a priority. Tables are asked in order, each for the name itself, for its level and for
 * `*`; the target's defaults come last. `undefined` for a name that nobody knows.
 */
export function priorityValue<Value>(
  given: string | undefined,
  defaults: Readonly<Record<PriorityLevel, Value>>,
  tables: ReadonlyArray<PriorityTable<Value> | undefined>,
): Value | undefined {
  const name = given?.toLowerCase() ?? ''
  const level = own(SYNONYMS, name)
  for (const table of tables) {
    if (table === undefined) continue
    const key = Object.keys(table).find(candidate => candidate.toLowerCase() === name)
    const found = own(table, key) ?? own(table, level) ?? own(table, '*')
    if (found !== undefined) return found
  }
  return level === undefined ? undefined : defaults[level]
}

/** The entry of a table by a name compared without case. */
export function tableValue<Value>(
  table: Readonly<Record<string, Value>> | undefined,
  name: string | undefined,
): Value | undefined {
  if (table === undefined || name === undefined) return undefined
  return own(
    table,
    Object.keys(table).find(candidate => candidate.toLowerCase() === name.toLowerCase()),
  )
}

function own<Value>(table: Readonly<Record<string, Value>>, key: string | undefined): Value | undefined {
  return key !== undefined && Object.hasOwn(table, key) ? table[key] : undefined
}
