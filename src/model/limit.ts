/** How many are answered at most: a whole number from 1 to `max`, whatever was asked for; `fallback` for what is no number. */
export function limitOf(asked: number | undefined, fallback: number, max: number): number {
  if (asked === undefined || Number.isNaN(asked)) return fallback
  return Math.min(max, Math.max(1, Math.floor(asked)))
}
