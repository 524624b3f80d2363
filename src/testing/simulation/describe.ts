/** Names of fields that tell what a value is about, in the order in which they are shown. */
const TELLING = ['delivery', 'deliveryId', 'id', 'event', 'next', 'status', 'state'] as const
const MAX_PARTS = 12

/** What a value is about, in a few words: the ids and states in it. */
export function describe(...values: readonly unknown[]): string {
  const parts = values.flatMap(tell)
  const more = parts.length > MAX_PARTS ? ' …' : ''
  return parts.slice(0, MAX_PARTS).join(' ') + more
}

function tell(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value.slice(0, 60)]
  if (typeof value === 'boolean') return [String(value)]
  if (Array.isArray(value)) return value.flatMap(tell)
  if (typeof value !== 'object' || value === null) return []
  const fields = value as Readonly<Record<string, unknown>>
  // A claimed delivery names its event too.
  const names = 'delivery' in fields ? (['delivery'] as const) : TELLING
  return names.flatMap(name => tell(fields[name]))
}
