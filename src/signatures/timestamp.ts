import { type Refusal, refuse } from '../model/verification.ts'
import { invalidOption } from './invalid-option.ts'

/** How a time is written: decimal seconds or milliseconds since the epoch, or ISO 8601. */
export type TimestampUnit = 's' | 'ms' | 'iso'

/** The tolerance that a scheme is built with. */
export const DEFAULT_TOLERANCE_SECONDS = 300

/** @throws {WebhookError} `invalid_option` when it is not finite and positive: NaN would switch the check off. */
export function requireTolerance(argument: string, seconds: number = DEFAULT_TOLERANCE_SECONDS): number {
  if (typeof seconds !== 'number' || !Number.isFinite(seconds) || seconds <= 0) {
    throw invalidOption(argument, 'must be a finite number of seconds above 0')
  }
  return seconds
}

/** RFC 3339 date and time with an offset. */
const ISO =
  /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,9})?(?:Z|[+-]\d{2}:?\d{2})$/

/** Milliseconds since the epoch; `undefined` for anything but the exact form. */
export function parseTimestamp(text: string, unit: TimestampUnit): number | undefined {
  if (unit === 'iso') {
    if (!ISO.test(text)) return undefined
    const milliseconds = Date.parse(text.replace(/([+-]\d{2})(\d{2})$/, '$1:$2'))
    return Number.isNaN(milliseconds) ? undefined : milliseconds
  }
  const number = parseDecimal(text)
  const milliseconds = unit === 's' ? number * 1000 : number
  return Number.isSafeInteger(milliseconds) ? milliseconds : undefined
}

/** One to sixteen decimal digits; NaN for anything else. `Number` would take signs, spaces, exponents and hex. */
function parseDecimal(text: string): number {
  if (text.length === 0 || text.length > 16) return Number.NaN
  let number = 0
  for (let i = 0; i < text.length; i++) {
    const digit = text.charCodeAt(i) - 48
    if (digit < 0 || digit > 9) return Number.NaN
    number = number * 10 + digit
  }
  return number
}

/** A point in time in a scheme's own writing. */
export function formatTimestamp(milliseconds: number, unit: TimestampUnit): string {
  if (unit === 'iso') return new Date(milliseconds).toISOString()
  return String(unit === 's' ? Math.floor(milliseconds / 1000) : Math.floor(milliseconds))
}

/**
 * Whether a time is near enough to now, in both directions, inclusive. A scheme that counts in seconds is judged in
 * seconds, as its senders do.
 */
export function checkFreshness(
  timestampMs: number,
  nowMs: number,
  unit: TimestampUnit,
  toleranceSeconds: number,
): Refusal | undefined {
  const step = unit === 's' ? 1000 : 1
  const ageMs = Math.floor(nowMs / step) * step - timestampMs
  if (ageMs > toleranceSeconds * 1000) return refuse('timestamp_too_old', 'the signed time is too long ago')
  if (-ageMs > toleranceSeconds * 1000) return refuse('timestamp_in_future', 'the signed time is too far in the future')
  return undefined
}
