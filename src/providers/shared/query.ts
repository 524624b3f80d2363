/** A query parameter that must not be repeated: `undefined` when it is absent or came more than once. */
export function singleParameter(query: URLSearchParams, name: string): string | undefined {
  const values = query.getAll(name)
  return values.length === 1 ? values[0] : undefined
}
