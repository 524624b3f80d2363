import type { SqlValue } from '../statement.ts'

/** A column of a list of rows: its name and its type. */
export type Column = readonly [name: string, type: string]

/** The parameters, one array for each column, from a number on: `$1::text[], $2::bigint[]`. */
export function arrays(columns: readonly Column[], first: number): string {
  return columns.map(([, type], index) => `$${first + index}::${type}[]`).join(', ')
}

/** The names of columns. */
export function names(columns: readonly Column[], prefix = ''): string {
  return columns.map(([name]) => prefix + name).join(', ')
}

/** Rows as one array for each column. */
export function transpose(rows: ReadonlyArray<readonly SqlValue[]>, width: number): SqlValue[][] {
  return Array.from({ length: width }, (_, column) => rows.map(row => row[column] ?? null))
}
