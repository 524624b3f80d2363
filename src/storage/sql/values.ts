import { encodeHex, utf8 } from '../../bytes/encoding.ts'
import { sha256Hex } from '../../bytes/hash.ts'
import { type Row, raw, type Sql, type SqlValue, sql, storable } from './statement.ts'

/** How much of a text stands in an index: PostgreSQL refuses keys that are much longer. */
export const MAX_KEY = 512

/** Text that may be missing. */
export function textOrNull(value: string | undefined): string | null {
  return value === undefined ? null : storable(value)
}

/** Whole milliseconds: a due time with jitter may have a fraction. */
export function wholeMs(value: number): number {
  return Math.min(Number.MAX_SAFE_INTEGER, Math.ceil(value))
}

/** The last whole millisecond that has passed: nothing is due, or over, before its time. */
export function passedMs(nowMs: number): number {
  return Math.floor(nowMs)
}

/** A key of any length, so that it fits into an index. */
export function indexable(value: string): string {
  return value.length > MAX_KEY ? `sha256:${sha256Hex(utf8(value))}` : storable(value)
}

/** The part of a text of any length that stands in an index, in the words of both databases. */
export function keyPart(text: Sql): Sql {
  return sql`substr(${text}, 1, ${raw(String(MAX_KEY))})`
}

/** Bytes as a parameter: not every driver takes bytes in every place. */
export function hexOrNull(bytes: Uint8Array | undefined): string | null {
  return bytes === undefined ? null : encodeHex(bytes)
}

/** Reads a column that holds text. */
export function readText(row: Row, column: string): string {
  const value = row[column]
  return typeof value === 'string' ? value : String(value as SqlValue)
}

/** Reads a column that holds text or nothing. */
export function readTextOrUndefined(row: Row, column: string): string | undefined {
  const value = row[column]
  return typeof value === 'string' ? value : undefined
}

/** Reads a column that holds a number; some drivers give large ones as text. Nothing is 0. */
export function readNumber(row: Row, column: string): number {
  return Number(row[column] ?? 0)
}

/** Reads a column that holds a number or nothing. */
export function readNumberOrUndefined(row: Row, column: string): number | undefined {
  const value = row[column]
  return value === null || value === undefined ? undefined : Number(value)
}

/** Reads a column that holds bytes or nothing. */
export function readBytes(row: Row, column: string): Uint8Array | undefined {
  const value = row[column]
  if (value instanceof ArrayBuffer) return new Uint8Array(value)
  // A plain array of bytes, whatever the driver's own kind is.
  return ArrayBuffer.isView(value) ? new Uint8Array(value.buffer, value.byteOffset, value.byteLength) : undefined
}

/** Reads a column that holds a JSON object of texts. */
export function readTexts(row: Row, column: string): Record<string, string> {
  return JSON.parse(readText(row, column)) as Record<string, string>
}
