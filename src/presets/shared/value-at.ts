/** The value at a dotted path of decoded JSON, through own properties and array indexes; `undefined` if absent. */
export function valueAt(value: unknown, path: string): unknown {
  let current = value
  for (const key of path.split('.')) {
    if (typeof current !== 'object' || current === null || !Object.hasOwn(current, key)) return undefined
    current = (current as Readonly<Record<string, unknown>>)[key]
  }
  return current
}

/** Decoded JSON that is an object and no array. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Without what is absent: members that are `undefined`, empty texts, and objects that have nothing left. */
export function dropAbsent<T extends object>(value: T): Partial<T>
export function dropAbsent(value: object): object {
  const kept: Array<[string, unknown]> = []
  for (const [key, member] of Object.entries(value)) {
    const cleaned: unknown = isRecord(member) ? dropAbsent(member) : member
    if (cleaned === undefined || cleaned === '' || (isRecord(cleaned) && Object.keys(cleaned).length === 0)) continue
    kept.push([key, cleaned])
  }
  return Object.fromEntries(kept)
}
