import type { RetrySchedule } from './backoff.ts'
import type { RetryPolicy, StatusPattern } from './retry-policy.ts'
import { NAMED_POLICIES } from './schedules.ts'

/** Most attempts that a schedule may make. */
const MAX_ATTEMPTS = 100

/** Longest wait between two attempts, in seconds: 30 days. */
const MAX_DELAY_SECONDS = 2_592_000

/** What is wrong with a schedule or a policy, and where: `schedule[2]`, `jitter`. */
export interface RetryProblem {
  readonly ok: false
  readonly code: 'invalid_retry'
  readonly field: string
  readonly message: string
}

/** A sound schedule, or the first thing wrong with it. */
export type ScheduleCheck = { readonly ok: true; readonly schedule: RetrySchedule } | RetryProblem

/** A sound policy, or the first thing wrong with it. */
export type RetryPolicyCheck = { readonly ok: true; readonly policy: RetryPolicy } | RetryProblem

/**
 * Checks a schedule that somebody typed in. Waits must be finite, more than 0 and at most 30 days; attempts at most
 * 100. The first attempt is made at once and has no wait of its own.
 *
 * @param field what the schedule is called in messages. Default `schedule`.
 * @example
 * validateSchedule([60, Number.NaN]) // { ok: false, field: 'schedule[1]', … }
 */
export function validateSchedule(input: unknown, field = 'schedule'): ScheduleCheck {
  if (Array.isArray(input)) return validateList(input, field)
  if (!isRecord(input)) {
    return problem(field, 'must be a list of seconds, or initialSeconds, factor, maxSeconds and maxAttempts')
  }
  const { initialSeconds, factor, maxSeconds, maxAttempts } = input
  if (!isWait(initialSeconds)) return problem(`${field}.initialSeconds`, WAIT_RULE)
  if (!isWait(maxSeconds)) return problem(`${field}.maxSeconds`, WAIT_RULE)
  if (!isNumberIn(factor, 1, 1000)) return problem(`${field}.factor`, 'must be a number from 1 to 1000')
  if (!isNumberIn(maxAttempts, 1, MAX_ATTEMPTS) || !Number.isInteger(maxAttempts)) {
    return problem(`${field}.maxAttempts`, `must be a whole number from 1 to ${MAX_ATTEMPTS}`)
  }
  const stray = Object.keys(input).find(key => !EXPONENTIAL_FIELDS.has(key))
  if (stray !== undefined) return problem(`${field}.${shorten(stray)}`, 'is not a field of a schedule')
  return { ok: true, schedule: { initialSeconds, factor, maxSeconds, maxAttempts } }
}

/**
 * Checks a retry policy, a schedule or a schedule's name that somebody typed in, before it is saved.
 *
 * @param field what it is called in messages. Default `retry`.
 * @example
 * const checked = validateRetryPolicy(input.retry)
 * if (!checked.ok) return badRequest(checked.field, checked.message)
 */
export function validateRetryPolicy(input: unknown, field = 'retry'): RetryPolicyCheck {
  if (typeof input === 'string') {
    const policy = NAMED_POLICIES.get(input)
    if (policy !== undefined) return { ok: true, policy }
    return problem(field, `must be a schedule or one of ${[...NAMED_POLICIES.keys()].join(', ')}`)
  }
  if (!isRecord(input) || !Object.hasOwn(input, 'schedule')) {
    const checked = validateSchedule(input, field)
    return checked.ok ? { ok: true, policy: { schedule: checked.schedule } } : checked
  }
  const { schedule, jitter, retryOn, giveUpOn } = input
  const base = typeof schedule === 'string' ? validateRetryPolicy(schedule, `${field}.schedule`) : undefined
  if (base?.ok === false) return base
  const checked = base === undefined ? validateSchedule(schedule, `${field}.schedule`) : undefined
  if (checked?.ok === false) return checked
  if (jitter !== undefined && !isNumberIn(jitter, 0, 1)) {
    return problem(`${field}.jitter`, 'must be a number from 0 to 1')
  }
  if (retryOn !== undefined && !isStatusList(retryOn)) return problem(`${field}.retryOn`, STATUS_RULE)
  if (giveUpOn !== undefined && !isStatusList(giveUpOn)) return problem(`${field}.giveUpOn`, STATUS_RULE)
  const stray = Object.keys(input).find(key => !POLICY_FIELDS.has(key))
  if (stray !== undefined) return problem(`${field}.${shorten(stray)}`, 'is not a field of a retry policy')
  return {
    ok: true,
    policy: {
      ...base?.policy,
      schedule: checked?.schedule ?? base?.policy.schedule ?? [],
      ...(jitter !== undefined && { jitter }),
      ...(retryOn !== undefined && { retryOn }),
      ...(giveUpOn !== undefined && { giveUpOn }),
    },
  }
}

const EXPONENTIAL_FIELDS: ReadonlySet<string> = new Set(['initialSeconds', 'factor', 'maxSeconds', 'maxAttempts'])
const POLICY_FIELDS: ReadonlySet<string> = new Set(['schedule', 'jitter', 'retryOn', 'giveUpOn'])
const WAIT_RULE = `must be a number of seconds, more than 0 and at most ${MAX_DELAY_SECONDS}`
const STATUS_RULE = "must be a list of statuses (100 to 999) or hundreds ('4xx')"
const HUNDREDS: ReadonlySet<unknown> = new Set(['1xx', '2xx', '3xx', '4xx', '5xx'])

function validateList(input: readonly unknown[], field: string): ScheduleCheck {
  if (input.length >= MAX_ATTEMPTS) return problem(field, `must have fewer than ${MAX_ATTEMPTS} waits`)
  const delays: number[] = []
  // By index, so that holes are seen.
  for (let i = 0; i < input.length; i++) {
    const delay = input[i]
    if (!isWait(delay)) return problem(`${field}[${i}]`, WAIT_RULE)
    delays.push(delay)
  }
  return { ok: true, schedule: delays }
}

function isWait(value: unknown): value is number {
  return isNumberIn(value, Number.MIN_VALUE, MAX_DELAY_SECONDS)
}

function isNumberIn(value: unknown, min: number, max: number): value is number {
  return typeof value === 'number' && value >= min && value <= max
}

function isStatusList(value: unknown): value is readonly StatusPattern[] {
  return (
    Array.isArray(value) &&
    value.length <= 1000 &&
    value.every(item => HUNDREDS.has(item) || (Number.isInteger(item) && isNumberIn(item, 100, 999)))
  )
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function shorten(text: string): string {
  return text.slice(0, 40)
}

function problem(field: string, rule: string): RetryProblem {
  return { ok: false, code: 'invalid_retry', field, message: `${field} ${rule}` }
}
