import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MAX_RETRY_AFTER_SECONDS, parseRetryAfter } from '../../src/retry/retry-after.ts'

/** Sun, 06 Nov 1994 08:49:37 GMT, the example of RFC 9110, section 5.6.7. */
const RFC_MS = Date.UTC(1994, 10, 6, 8, 49, 37)
const NOW = RFC_MS - 90_000

describe('parseRetryAfter', () => {
  it.each<[string, number]>([
    ['0', 0],
    ['1', 1],
    ['120', 120],
    ['007', 7],
    [' 120 ', 120],
    ['\t120\t ', 120],
    ['86400', 86_400],
    ['86401', 86_400],
    ['2147484', 86_400],
    ['9'.repeat(400), 86_400],
    [`${'0'.repeat(400)}5`, 5],
  ])('reads the seconds %j', (value, seconds) => {
    expect(parseRetryAfter(value, NOW)).toBe(seconds)
  })

  it.each<[string, number]>([
    ['Sun, 06 Nov 1994 08:49:37 GMT', 90],
    ['Sunday, 06-Nov-94 08:49:37 GMT', 90],
    ['Sun Nov  6 08:49:37 1994', 90],
    ['Sun Nov 06 08:49:37 1994', 90],
    [' Sun, 06 Nov 1994 08:49:37 GMT ', 90],
    ['Sun, 06 Nov 1994 08:48:07 GMT', 0],
    ['Sun, 06 Nov 1994 08:00:00 GMT', 0],
    ['Thu, 01 Jan 1970 00:00:00 GMT', 0],
    ['Thu, 01 Jan 0070 00:00:00 GMT', 0],
    ['Mon, 07 Nov 1994 08:48:07 GMT', 86_400],
    ['Fri, 31 Dec 9999 23:59:59 GMT', 86_400],
    ['Sun, 06 Nov 1994 08:48:60 GMT', 53],
  ])('reads the date %j', (value, seconds) => {
    expect(parseRetryAfter(value, NOW)).toBe(seconds)
  })

  it('rounds dates up', () => {
    expect(parseRetryAfter('Sun, 06 Nov 1994 08:49:37 GMT', RFC_MS - 1)).toBe(1)
    expect(parseRetryAfter('Sun, 06 Nov 1994 08:49:37 GMT', RFC_MS - 1001)).toBe(2)
    expect(parseRetryAfter('Sun, 06 Nov 1994 08:49:37 GMT', RFC_MS)).toBe(0)
  })

  it('reads two-digit years within fifty years of now', () => {
    const now = Date.UTC(2026, 0, 1)
    expect(parseRetryAfter('Friday, 02-Jan-26 00:00:00 GMT', now)).toBe(86_400)
    expect(parseRetryAfter('Thursday, 01-Jan-76 00:00:00 GMT', now)).toBe(86_400)
    expect(parseRetryAfter('Saturday, 01-Jan-77 00:00:00 GMT', now)).toBe(0)
    expect(parseRetryAfter('Friday, 01-Jan-99 00:00:00 GMT', now)).toBe(0)
  })

  it.each([
    '',
    ' ',
    '-1',
    '+1',
    '1.5',
    '1e3',
    '0x10',
    '1_000',
    '1,000',
    '5, 10',
    '120s',
    '120;',
    'NaN',
    'Infinity',
    'null',
    '１２０',
    '٣',
    '\u00a0120',
    '120\n',
    '1 2',
    'tomorrow',
    'Sun, 06 Nov 1994 08:49:37',
    'Sun, 06 Nov 1994 08:49:37 UTC',
    'Sun, 06 Nov 1994 08:49:37 +0000',
    'Sun, 06 Nov 1994 08:49:37 CET',
    'Sun, 6 Nov 1994 08:49:37 GMT',
    'Sun, 06 Nov 94 08:49:37 GMT',
    'Sun 06 Nov 1994 08:49:37 GMT',
    'Sunday, 06-Nov-1994 08:49:37 GMT',
    'Sun, 06-Nov-94 08:49:37 GMT',
    'sun, 06 nov 1994 08:49:37 gmt',
    'SUN, 06 NOV 1994 08:49:37 GMT',
    'Sun, 06 Nov 1994 8:49:37 GMT',
    'Sun, 06 Nov 1994 24:00:00 GMT',
    'Sun, 06 Nov 1994 08:60:00 GMT',
    'Sun, 06 Nov 1994 08:49:61 GMT',
    'Sun, 31 Feb 1994 08:49:37 GMT',
    'Sun, 00 Nov 1994 08:49:37 GMT',
    'Wed, 29 Feb 1995 08:49:37 GMT',
    'Sun Nov 6 08:49:37 1994',
    'Sun Nov  6 08:49:37 1994 GMT',
    'Sun,  06 Nov 1994 08:49:37 GMT',
    '06 Nov 1994 08:49:37 GMT',
    '1994-11-06T08:49:37Z',
    '1994-11-06',
    '784111777000Z',
  ])('ignores %j', value => {
    expect(parseRetryAfter(value, NOW)).toBeUndefined()
  })

  it('ignores what is no text, and dates without a clock', () => {
    expect(parseRetryAfter(undefined, NOW)).toBeUndefined()
    expect(parseRetryAfter(null, NOW)).toBeUndefined()
    expect(parseRetryAfter('Sun, 06 Nov 1994 08:49:37 GMT', Number.NaN)).toBeUndefined()
    expect(parseRetryAfter('60', Number.NaN)).toBe(60)
  })

  it('gives a whole number from 0 to a day for any text, or nothing', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.date().map(String), fc.bigInt().map(String)), fc.nat(), (value, now) => {
        const seconds = parseRetryAfter(value, now)
        if (seconds === undefined) return
        expect(Number.isInteger(seconds)).toBe(true)
        expect(seconds).toBeGreaterThanOrEqual(0)
        expect(seconds).toBeLessThanOrEqual(MAX_RETRY_AFTER_SECONDS)
      }),
    )
  })

  it('reads what Date prints as an HTTP-date', () => {
    const date = fc.date({ min: new Date(0), max: new Date(Date.UTC(2200, 0, 1)), noInvalidDate: true })
    fc.assert(
      fc.property(date, fc.integer({ min: 0, max: 86_000_000 }), (now, aheadMs) => {
        const then = new Date(Math.floor((now.getTime() + aheadMs) / 1000) * 1000)
        const expected = Math.max(0, Math.ceil((then.getTime() - now.getTime()) / 1000))
        expect(parseRetryAfter(then.toUTCString(), now.getTime())).toBe(expected)
      }),
    )
  })
})
