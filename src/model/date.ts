/** A date in milliseconds since the epoch; NaN for one that is invalid, and for anything else. */
export function dateMs(date: unknown): number {
  return date instanceof Date ? date.getTime() : Number.NaN
}
