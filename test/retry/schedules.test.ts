import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { delaySeconds, scheduleDelays, withJitter } from '../../src/retry/backoff.ts'
import { resolveRetryPolicy } from '../../src/retry/retry-policy.ts'
import { devlinkRetry, NAMED_POLICIES, whatscrmRetry } from '../../src/retry/schedules.ts'
import { validateRetryPolicy, validateSchedule } from '../../src/retry/validate.ts'

/** The table of the documentation. */
const DOCUMENTED: Readonly<Record<string, readonly number[]>> = {
  default: [5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400],
  askpro: [60, 120, 300, 600],
  'askpro-callbacks': [60, 60],
  devlink: [5, 10, 20],
  whatscrm: [2, 4],
  pipedrive: [3, 30, 150],
}

describe('named schedules', () => {
  it.each(Object.entries(DOCUMENTED))('%s waits as documented', (name, delays) => {
    expect(scheduleDelays(resolveRetryPolicy(name).schedule)).toEqual(delays)
  })

  it('are all documented, and sound', () => {
    expect([...NAMED_POLICIES.keys()].sort()).toEqual(Object.keys(DOCUMENTED).sort())
    for (const policy of NAMED_POLICIES.values()) expect(validateRetryPolicy(policy)).toEqual({ ok: true, policy })
  })

  it('last about three days by default', () => {
    const total = scheduleDelays(resolveRetryPolicy('default').schedule).reduce((sum, delay) => sum + delay, 0)
    expect(total).toBe(75 * 3600 + 35 * 60 + 5)
  })

  it('take the numbers of the documents', () => {
    expect(scheduleDelays(devlinkRetry({ retryDelaySeconds: 10, maxRetries: 5 }).schedule)).toEqual([
      10, 20, 40, 80, 160,
    ])
    expect(scheduleDelays(devlinkRetry({ maxRetries: 0 }).schedule)).toEqual([])
    expect(scheduleDelays(whatscrmRetry(5).schedule)).toEqual([2, 4, 8, 16])
    expect(scheduleDelays(whatscrmRetry(1).schedule)).toEqual([])
    expect(scheduleDelays(whatscrmRetry(0).schedule)).toEqual([])
  })

  it('do not take inherited properties for names', () => {
    for (const name of ['constructor', 'toString', '__proto__', '']) {
      expect(() => resolveRetryPolicy(name)).toThrowError(/one of default, askpro/)
    }
  })
})

describe('delaySeconds', () => {
  it('grows up to the limit', () => {
    const schedule = { initialSeconds: 5, factor: 3, maxSeconds: 100, maxAttempts: 6 }
    expect(scheduleDelays(schedule)).toEqual([5, 15, 45, 100, 100])
  })

  it('does not overflow', () => {
    const schedule = { initialSeconds: 2_592_000, factor: 1000, maxSeconds: 2_592_000, maxAttempts: 100 }
    expect(scheduleDelays(schedule)).toEqual(Array.from({ length: 99 }, () => 2_592_000))
  })

  it('has nothing outside the schedule', () => {
    for (const attempt of [0, -1, 1.5, Number.NaN, 3, Number.POSITIVE_INFINITY]) {
      expect(delaySeconds([1, 2], attempt)).toBeUndefined()
    }
    expect(delaySeconds([], 1)).toBeUndefined()
  })

  it('is never negative or endless for a schedule that was accepted', () => {
    const schedule = fc.record({
      initialSeconds: fc.double(),
      factor: fc.double(),
      maxSeconds: fc.double(),
      maxAttempts: fc.integer({ min: -5, max: 150 }),
    })
    fc.assert(
      fc.property(fc.oneof(schedule, fc.array(fc.double(), { maxLength: 120 })), input => {
        const checked = validateSchedule(input)
        if (!checked.ok) return
        const delays = scheduleDelays(checked.schedule)
        expect(delays.length).toBeLessThan(100)
        for (const delay of delays) expect(delay > 0 && delay <= 2_592_000).toBe(true)
      }),
    )
  })
})

describe('withJitter', () => {
  it('only lengthens, by the given part at most', () => {
    const fraction = fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true })
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 100_000 }), fraction, fraction, (seconds, jitter, random) => {
        const delay = withJitter(seconds, jitter, random)
        expect(delay).toBeGreaterThanOrEqual(seconds)
        expect(delay).toBeLessThanOrEqual(seconds * (1 + jitter))
      }),
    )
  })

  it('spreads waits at the limit as well', () => {
    const delays = new Set([0, 0.25, 0.5, 0.75].map(random => withJitter(100, 0.1, random)))
    expect(delays.size).toBe(4)
  })
})

describe('validation', () => {
  const exponential = { initialSeconds: 5, factor: 2, maxSeconds: 60, maxAttempts: 4 }

  it.each<[unknown, string]>([
    [null, 'schedule'],
    [undefined, 'schedule'],
    ['default', 'schedule'],
    [60, 'schedule'],
    [[60, 0], 'schedule[1]'],
    [[-1], 'schedule[0]'],
    [[Number.NaN], 'schedule[0]'],
    [[Number.POSITIVE_INFINITY], 'schedule[0]'],
    [['60'], 'schedule[0]'],
    [new Array(1), 'schedule[0]'],
    [[2_592_001], 'schedule[0]'],
    [Array.from({ length: 100 }, () => 1), 'schedule'],
    [{}, 'schedule.initialSeconds'],
    [{ ...exponential, initialSeconds: 0 }, 'schedule.initialSeconds'],
    [{ ...exponential, factor: 0.5 }, 'schedule.factor'],
    [{ ...exponential, factor: Number.NaN }, 'schedule.factor'],
    [{ ...exponential, maxSeconds: Number.POSITIVE_INFINITY }, 'schedule.maxSeconds'],
    [{ ...exponential, maxAttempts: 0 }, 'schedule.maxAttempts'],
    [{ ...exponential, maxAttempts: 2.5 }, 'schedule.maxAttempts'],
    [{ ...exponential, maxAttempts: 101 }, 'schedule.maxAttempts'],
    [{ ...exponential, maxAttempts: Number.POSITIVE_INFINITY }, 'schedule.maxAttempts'],
    [{ ...exponential, maxRetries: 3 }, 'schedule.maxRetries'],
  ])('refuses %j and names the field', (input, field) => {
    expect(validateSchedule(input)).toMatchObject({ ok: false, code: 'invalid_retry', field })
  })

  it.each<[unknown, string]>([
    ['defaults', 'retry'],
    [[0], 'retry[0]'],
    [{ schedule: 'nope' }, 'retry.schedule'],
    [{ schedule: [Number.NaN] }, 'retry.schedule[0]'],
    [{ schedule: [1], jitter: 1.1 }, 'retry.jitter'],
    [{ schedule: [1], jitter: Number.NaN }, 'retry.jitter'],
    [{ schedule: [1], retryOn: 409 }, 'retry.retryOn'],
    [{ schedule: [1], retryOn: ['6xx'] }, 'retry.retryOn'],
    [{ schedule: [1], giveUpOn: [99] }, 'retry.giveUpOn'],
    [{ schedule: [1], giveUpOn: [404.5] }, 'retry.giveUpOn'],
    [{ schedule: [1], attempts: 3 }, 'retry.attempts'],
  ])('refuses the policy %j and names the field', (input, field) => {
    expect(validateRetryPolicy(input)).toMatchObject({ ok: false, field })
  })

  it('takes sound ones', () => {
    expect(validateSchedule([0.5, 60])).toEqual({ ok: true, schedule: [0.5, 60] })
    expect(validateSchedule([])).toEqual({ ok: true, schedule: [] })
    expect(validateSchedule(exponential)).toEqual({ ok: true, schedule: exponential })
    expect(validateRetryPolicy({ schedule: 'askpro', jitter: 0.2, giveUpOn: [404] })).toMatchObject({
      ok: true,
      policy: { schedule: [60, 120, 300, 600], jitter: 0.2, giveUpOn: [404], retryOn: ['3xx', '4xx', '5xx', 410] },
    })
  })
})
