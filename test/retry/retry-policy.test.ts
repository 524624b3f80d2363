import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { delaySeconds } from '../../src/retry/backoff.ts'
import { decideRetry, MAX_FREE_WAITS, type RetryPolicyInput } from '../../src/retry/retry-policy.ts'

const NOW = Date.UTC(2026, 0, 1)
const plain: RetryPolicyInput = { schedule: [60, 120], jitter: 0 }
const random = () => 0.5

function actionFor(status: number, policy: RetryPolicyInput = plain): string {
  return decideRetry({ outcome: { status }, attempt: 1, policy, nowMs: NOW, random }).action
}

const ALL_STATUSES = Array.from({ length: 500 }, (_, i) => 100 + i)

describe('what a status leads to', () => {
  it('is the documented table, for every status', () => {
    const givenUp = ALL_STATUSES.filter(status => actionFor(status) === 'give_up')
    const disabling = ALL_STATUSES.filter(status => actionFor(status) === 'disable_endpoint')
    const retried = ALL_STATUSES.filter(status => actionFor(status) === 'retry')
    const exceptions = new Set([408, 410, 425, 429])
    expect(givenUp).toEqual(ALL_STATUSES.filter(status => status >= 300 && status < 500 && !exceptions.has(status)))
    expect(disabling).toEqual([410])
    expect(retried).toHaveLength(500 - givenUp.length - 1)
    expect([0, 99, 600, 999].map(status => actionFor(status))).toEqual(['retry', 'retry', 'retry', 'retry'])
  })

  it('is a retry for 409 when it comes with a time: the receiver has the event in its hands, and may drop it', () => {
    const answered = (retryAfter: string, more: object = {}) => {
      const outcome = { status: 409, retryAfter }
      return decideRetry({ outcome, attempt: 1, policy: { ...plain, ...more }, nowMs: NOW, random })
    }
    expect(answered('90')).toEqual({ action: 'retry', dueAtMs: NOW + 90_000, triesUsed: 1 })
    for (const none of ['', '0', 'soon']) expect(answered(none).action).toBe('give_up')
    expect(answered('90', { giveUpOn: [409] }).action).toBe('give_up')
  })

  it.each(['askpro', 'askpro-callbacks', 'devlink', 'whatscrm', 'pipedrive'] as const)(
    'is a retry for every failure of %s',
    name => {
      expect(ALL_STATUSES.filter(status => status >= 300 && actionFor(status, name) !== 'retry')).toEqual([])
    },
  )

  it('follows the endpoint, a number before a hundred', () => {
    const policy = { ...plain, retryOn: ['4xx', 301], giveUpOn: [401, '5xx', 503] } as const
    const actions = [400, 404, 401, 410, 301, 302, 500, 503, 408].map(status => actionFor(status, policy))
    expect(actions).toEqual([
      'retry',
      'retry',
      'give_up',
      'disable_endpoint',
      'retry',
      'give_up',
      'give_up',
      'give_up',
      'retry',
    ])
    expect(actionFor(500, { schedule: [1], retryOn: [500], giveUpOn: ['5xx'] })).toBe('retry')
    expect(actionFor(410, { schedule: [1], retryOn: [410] })).toBe('retry')
    expect(actionFor(410, { schedule: [1], giveUpOn: [410] })).toBe('give_up')
  })

  it('is overridden by a verdict on the body', () => {
    const base = { attempt: 1, policy: plain, nowMs: NOW, random }
    expect(decideRetry({ ...base, outcome: { status: 200, verdict: 'give_up' } }).action).toBe('give_up')
    expect(decideRetry({ ...base, outcome: { status: 200 } }).action).toBe('retry')
    expect(decideRetry({ ...base, outcome: { status: 400, verdict: 'retry' } }).action).toBe('retry')
  })

  it.each([
    'timeout',
    'connection_refused',
    'connection_reset',
    'dns_failed',
    'tls_failed',
    'malformed_response',
    'new_code',
  ])('is a retry after %s', error => {
    expect(decideRetry({ outcome: { error }, attempt: 1, policy: plain, nowMs: NOW, random }).action).toBe('retry')
  })

  it.each(['address_refused', 'invalid_request'])('is the end after %s, which trying again cannot mend', error => {
    expect(decideRetry({ outcome: { error }, attempt: 1, policy: plain, nowMs: NOW, random })).toEqual({
      action: 'give_up',
      reason: 'not_retryable',
    })
  })
})

describe('when the next attempt is due', () => {
  it('follows the schedule, then gives up', () => {
    const decide = (attempt: number) =>
      decideRetry({ outcome: { status: 500 }, attempt, policy: plain, nowMs: NOW, random })
    expect(decide(1)).toEqual({ action: 'retry', dueAtMs: NOW + 60_000, triesUsed: 1 })
    expect(decide(2)).toEqual({ action: 'retry', dueAtMs: NOW + 120_000, triesUsed: 2 })
    expect(decide(3)).toEqual({ action: 'give_up', reason: 'exhausted' })
    expect(decide(50)).toEqual({ action: 'give_up', reason: 'exhausted' })
  })

  it('adds jitter to the schedule', () => {
    const outcome = { status: 500 }
    const due = (policy: RetryPolicyInput) => decideRetry({ outcome, attempt: 1, policy, nowMs: NOW, random })
    expect(due([100])).toMatchObject({ dueAtMs: NOW + 105_000 })
    expect(due({ schedule: [100], jitter: 1 })).toMatchObject({ dueAtMs: NOW + 150_000 })
    expect(due('askpro')).toMatchObject({ dueAtMs: NOW + 60_000 })
  })

  it.each<[number, string, number, number]>([
    [429, '90', 90, 0],
    [503, '90', 90, 0],
    [503, '5', 60, 0],
    [429, '0', 60, 1],
    [429, 'soon', 60, 1],
    [500, '90', 90, 1],
    [408, '90', 90, 1],
    [503, '99999999999', 86_400, 0],
    [503, new Date(NOW + 90_000).toUTCString(), 90, 0],
  ])('%i with Retry-After %s waits %i s and has used %i tries', (status, retryAfter, seconds, triesUsed) => {
    const outcome = { status, retryAfter }
    expect(decideRetry({ outcome, attempt: 1, policy: plain, nowMs: NOW, random })).toEqual({
      action: 'retry',
      dueAtMs: NOW + seconds * 1000,
      triesUsed,
    })
  })

  it('bounds the waits that spend no try', () => {
    const outcome = { status: 429, retryAfter: '1' }
    let triesUsed = 0
    let attempts = 0
    for (;;) {
      attempts++
      const decision = decideRetry({ outcome, attempt: attempts, triesUsed, policy: plain, nowMs: NOW, random })
      if (decision.action !== 'retry') break
      triesUsed = decision.triesUsed
    }
    expect(attempts).toBe(3 + MAX_FREE_WAITS)
  })

  it('lets a wait follow the last try', () => {
    const question = { outcome: { status: 429, retryAfter: '7' }, policy: plain, nowMs: NOW, random }
    expect(decideRetry({ ...question, attempt: 3, triesUsed: 2 })).toEqual({
      action: 'retry',
      dueAtMs: NOW + 120_000,
      triesUsed: 2,
    })
    expect(decideRetry({ ...question, attempt: 4, triesUsed: 3 })).toEqual({ action: 'give_up', reason: 'exhausted' })
    expect(decideRetry({ ...question, attempt: 1, policy: [] })).toMatchObject({ dueAtMs: NOW + 7000, triesUsed: 0 })
  })

  it('is never before the schedule or the header', () => {
    const delay = fc.integer({ min: 1, max: 100_000 })
    fc.assert(
      fc.property(
        fc.array(delay, { minLength: 1, maxLength: 12 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
        fc.integer({ min: 1, max: 15 }),
        fc.constantFrom(408, 429, 500, 503),
        fc.option(fc.integer({ min: 0, max: 200_000 }), { nil: undefined }),
        (schedule, jitter, fraction, attempt, status, header) => {
          const decision = decideRetry({
            outcome: { status, retryAfter: header?.toString() },
            attempt,
            policy: { schedule, jitter },
            nowMs: NOW,
            random: () => fraction,
          })
          if (decision.action !== 'retry') return
          const waitMs = decision.dueAtMs - NOW
          expect(waitMs).toBeGreaterThanOrEqual((delaySeconds(schedule, attempt) ?? 0) * 1000)
          expect(waitMs).toBeGreaterThanOrEqual(Math.min(header ?? 0, 86_400) * 1000)
          expect(Number.isSafeInteger(decision.dueAtMs)).toBe(true)
        },
      ),
    )
  })

  it('refuses a policy that is none', () => {
    const ask = (policy: RetryPolicyInput) => () =>
      decideRetry({ outcome: { status: 500 }, attempt: 1, policy, nowMs: NOW, random })
    // @ts-expect-error names are a closed set
    expect(ask('no-such')).toThrowError(/retry must be a schedule or one of/)
    expect(ask([Number.NaN])).toThrowError(/retry\[0\]/)
  })
})
