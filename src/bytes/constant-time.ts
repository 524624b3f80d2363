/**
 * The only comparison of secrets in the project: it takes the same time wherever the first difference is.
 * Lengths are not secret (a digest has a fixed one), so unequal lengths are refused at once.
 */
export function constantTimeEqual(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  let difference = 0
  for (let i = 0; i < a.length; i++) difference |= (a[i] ?? 0) ^ (b[i] ?? 0)
  return difference === 0
}
