/**
 * A table of one row. A statement that reads from it waits for each lock no longer than so many milliseconds, and so
 * does the rest of the transaction; the session keeps its own setting.
 */
export function hurryTable(milliseconds: number): string {
  return `(select set_config('lock_timeout', '${milliseconds}ms', true)) hurry`
}
