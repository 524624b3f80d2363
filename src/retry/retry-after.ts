/** The longest wait that a Retry-After header can ask for, in seconds: a day. */
export const MAX_RETRY_AFTER_SECONDS = 86_400

/**
 * Reads a `Retry-After` header (RFC 9110, section 10.2.3): a number of seconds, or a date in one of the three forms of
 * section 5.6.7, always in UTC.
 *
 * @param value the header's value.
 * @param nowMs milliseconds since the epoch.
 * @returns whole seconds from now, dates rounded up, from 0 to 86,400; `undefined` for anything else.
 * @example
 * parseRetryAfter('120', nowMs) // 120
 * parseRetryAfter('Wed, 21 Oct 2026 07:28:00 GMT', nowMs)
 * parseRetryAfter('1.5', nowMs) // undefined
 */
export function parseRetryAfter(value: string | null | undefined, nowMs: number): number | undefined {
  if (typeof value !== 'string') return undefined
  const text = trimBlanks(value)
  if (isDigits(text)) return Math.min(Number(text), MAX_RETRY_AFTER_SECONDS)
  const dateMs = parseHttpDate(text, nowMs)
  if (dateMs === undefined || !Number.isFinite(nowMs)) return undefined
  return Math.min(Math.max(0, Math.ceil((dateMs - nowMs) / 1000)), MAX_RETRY_AFTER_SECONDS)
}

/** The white space that HTTP allows around a value: spaces and tabs. */
function trimBlanks(text: string): string {
  let start = 0
  let end = text.length
  while (start < end && isBlank(text.charCodeAt(start))) start++
  while (end > start && isBlank(text.charCodeAt(end - 1))) end--
  return text.slice(start, end)
}

function isBlank(code: number): boolean {
  return code === 32 || code === 9
}

function isDigits(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code < 48 || code > 57) return false
  }
  return text !== ''
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
const MONTH = `(?<month>${MONTHS.join('|')})`
const TIME = '(?<hour>[0-9]{2}):(?<minute>[0-9]{2}):(?<second>[0-9]{2})'
const SHORT_DAY = '(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)'
const LONG_DAY = '(?:Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday)'

/** The date is part of the message's grammar, not of a language: case counts, and GMT is the only zone. */
const FORMS: readonly RegExp[] = [
  new RegExp(`^${SHORT_DAY}, (?<day>[0-9]{2}) ${MONTH} (?<year>[0-9]{4}) ${TIME} GMT$`),
  new RegExp(`^${LONG_DAY}, (?<day>[0-9]{2})-${MONTH}-(?<year>[0-9]{2}) ${TIME} GMT$`),
  new RegExp(`^${SHORT_DAY} ${MONTH} (?<day>[0-9]{2}| [0-9]) ${TIME} (?<year>[0-9]{4})$`),
]

/** Longer than any of the forms; a longer text need not be looked at. */
const LONGEST_DATE = 40

function parseHttpDate(text: string, nowMs: number): number | undefined {
  if (text.length > LONGEST_DATE) return undefined
  for (const form of FORMS) {
    const fields = form.exec(text)?.groups
    if (fields !== undefined) return toMilliseconds(fields, nowMs)
  }
  return undefined
}

function toMilliseconds(fields: Readonly<Record<string, string>>, nowMs: number): number | undefined {
  const day = Number(fields.day)
  const month = MONTHS.indexOf(fields.month ?? '')
  const [hour, minute, second] = [Number(fields.hour), Number(fields.minute), Number(fields.second)]
  // 60 is a leap second.
  if (hour > 23 || minute > 59 || second > 60) return undefined
  const digits = fields.year ?? ''
  const year = digits.length === 2 ? nearestYear(Number(digits), nowMs) : Number(digits)
  const date = new Date(0)
  date.setUTCFullYear(year, month, day)
  if (date.getUTCMonth() !== month || date.getUTCDate() !== day) return undefined
  return date.setUTCHours(hour, minute, second)
}

/** Two digits that look more than 50 years ahead mean the last such year in the past (RFC 9110, section 5.6.7). */
function nearestYear(twoDigits: number, nowMs: number): number {
  const thisYear = new Date(nowMs).getUTCFullYear()
  const year = thisYear - (thisYear % 100) + twoDigits
  return year > thisYear + 50 ? year - 100 : year
}
