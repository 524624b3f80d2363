import { encodeBase64Url } from './bytes/encoding.ts'
import { systemNow } from './clock.ts'

/** Where the library takes random bytes from. */
export type RandomBytes = (length: number) => Uint8Array

/** Cryptographically strong random bytes (Web Crypto). */
export const randomBytes: RandomBytes = length => crypto.getRandomValues(new Uint8Array(length))

/** A number from 0 up to, but not including, 1, from strong random bytes. For jitter. */
export function randomFraction(): number {
  return (crypto.getRandomValues(new Uint32Array(1))[0] ?? 0) / 2 ** 32
}

/** Makes ids that never repeat, of a prefix, an underscore and what may stand in a signed message: no full stop. */
export type NewId = (prefix: string) => string

const ID_BYTES = 12
/** Asking for random bytes costs more than the bytes: they are taken in stock, and each is used once. */
const STOCK = 256 * ID_BYTES
let stock = new Uint8Array(0)
let used = 0

/**
 * A new id: a prefix, the time and 96 random bits. Ids sort by the millisecond in which they were made, so that an index
 * of them grows at its end: with random ones a database writes half as much again, and reads all over a large table.
 * Has no full stop, so it can stand in a signed message.
 */
export const newId: NewId = prefix => {
  if (used >= stock.length) {
    stock = crypto.getRandomValues(new Uint8Array(STOCK))
    used = 0
  }
  const bytes = stock.subarray(used, used + ID_BYTES)
  used += ID_BYTES
  return `${prefix}_${timeText(systemNow())}${encodeBase64Url(bytes)}`
}

/** The digits of base64url, in the order of their codes. */
const DIGITS = '-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz'
/** Seven digits last until 2109. */
const TIME_DIGITS = 7
let writtenMs = Number.NaN
let written = ''

/** Milliseconds since the epoch as text that sorts as they do. */
function timeText(milliseconds: number): string {
  if (milliseconds === writtenMs) return written
  let text = ''
  for (let rest = milliseconds; text.length < TIME_DIGITS; rest = Math.floor(rest / 64)) {
    text = DIGITS.charAt(rest % 64) + text
  }
  writtenMs = milliseconds
  written = text
  return text
}
