import { WebhookError } from '../errors.ts'
import { randomFraction } from '../ids.ts'
import { attemptCount, delaySeconds, type RetrySchedule, withJitter } from './backoff.ts'
import { parseRetryAfter } from './retry-after.ts'
import { NAMED_POLICIES, type RetryScheduleName } from './schedules.ts'
import { validateRetryPolicy } from './validate.ts'

/** A status, or all of a hundred: `409`, `'4xx'`. */
export type StatusPattern = number | '1xx' | '2xx' | '3xx' | '4xx' | '5xx'

/** When a failed delivery is tried again. All of it is data, so it can be stored with an endpoint. */
export interface RetryPolicy {
  readonly schedule: RetrySchedule
  /** The largest part of each wait that is added at random, 0 to 1. Default 0.1. */
  readonly jitter?: number
  /** Statuses that are tried again although they usually are not. */
  readonly retryOn?: readonly StatusPattern[]
  /** Statuses that end the delivery although they usually do not. A number counts before a hundred. */
  readonly giveUpOn?: readonly StatusPattern[]
}

/** A policy, a schedule, or the name of one (see {@link RetryScheduleName}). A policy may name its schedule, too. */
export type RetryPolicyInput =
  | RetryScheduleName
  | RetrySchedule
  | (Omit<RetryPolicy, 'schedule'> & { readonly schedule: RetrySchedule | RetryScheduleName })

/** How an attempt failed. */
export type FailedAttempt =
  | {
      /** The answer's status. One that counts as a success got here because its body told of an error. */
      readonly status: number
      /** The `Retry-After` header. */
      readonly retryAfter?: string | undefined
      /** What is already known about this answer, for instance by a preset that reads the body. Overrides the status. */
      readonly verdict?: 'retry' | 'give_up' | undefined
    }
  /** There was no answer: the transport's code. */
  | { readonly error: string }

/** What {@link decideRetry} needs to know. */
export interface RetryQuestion {
  readonly outcome: FailedAttempt
  /** Attempts made, this one included. */
  readonly attempt: number
  /** Tries of the schedule that were used before this attempt. Default: all attempts before it. */
  readonly triesUsed?: number
  readonly policy: RetryPolicyInput
  /** Milliseconds since the epoch. */
  readonly nowMs: number
  /** A number from 0 up to, but not including, 1. Default: strong randomness. */
  readonly random?: () => number
}

/** What becomes of a delivery whose attempt failed. */
export type RetryDecision =
  | {
      readonly action: 'retry'
      /** Milliseconds since the epoch. */
      readonly dueAtMs: number
      /** Tries of the schedule used so far; not counting this attempt if the endpoint told when to come back. */
      readonly triesUsed: number
    }
  | { readonly action: 'give_up'; readonly reason: 'exhausted' | 'not_retryable' }
  /** 410: the endpoint says that it is no more. */
  | { readonly action: 'disable_endpoint'; readonly reason: 'gone' }

/** How many attempts of a delivery may spend no try, lest an endpoint puts it off for ever. */
export const MAX_FREE_WAITS = 10

/** Jitter of schedules that do not name their own. */
const DEFAULT_JITTER = 0.1

/** The errors that a further attempt cannot mend. */
const FINAL_ERRORS: ReadonlySet<string> = new Set(['address_refused', 'invalid_request'])

/**
 * Decides what follows a failed attempt. Pure: the same question gives the same answer.
 *
 * - Tried again: no answer at all (network errors, time-outs), 408, 425, 429, 5xx, statuses outside 200 to 599, and 2xx
 *   whose body tells of an error. A refused address and a request that cannot be sent are final.
 * - 409 with a `Retry-After` of a second or more as well: so a receiver tells that the same event is in its hands, which
 *   it may drop.
 * - Given up: other 4xx, and 3xx, since redirects are not followed.
 * - 410 disables the endpoint, unless `retryOn` or `giveUpOn` name it by its number.
 * - The next attempt is due at the later of the schedule, with its jitter, and the `Retry-After` header.
 * - An attempt answered 429 or 503 with a `Retry-After` of a second or more spends no try of the schedule, at most
 *   {@link MAX_FREE_WAITS} times for a delivery; each such wait is a day at most.
 *
 * @throws {WebhookError} `invalid_option` when the policy is none; see `validateRetryPolicy` to check one on save.
 * @example
 * decideRetry({ outcome: { status: 503, retryAfter: '120' }, attempt: 1, policy: 'default', nowMs })
 * // { action: 'retry', dueAtMs: nowMs + 120_000, triesUsed: 0 }
 */
export function decideRetry(question: RetryQuestion): RetryDecision {
  const { outcome, attempt, nowMs, random = randomFraction } = question
  const policy = resolveRetryPolicy(question.policy)
  const retryAfter = 'error' in outcome ? 0 : (parseRetryAfter(outcome.retryAfter, nowMs) ?? 0)
  const verdict =
    'error' in outcome
      ? judgeError(outcome.error)
      : (outcome.verdict ?? judgeStatus(outcome.status, policy, retryAfter))
  if (verdict === 'disable') return { action: 'disable_endpoint', reason: 'gone' }
  if (verdict === 'give_up') return { action: 'give_up', reason: 'not_retryable' }

  const usedBefore = question.triesUsed ?? attempt - 1
  const isFree = isThrottled(outcome) && retryAfter > 0 && attempt - 1 - usedBefore < MAX_FREE_WAITS
  const triesUsed = isFree ? usedBefore : usedBefore + 1
  const attempts = attemptCount(policy.schedule)
  if (usedBefore >= attempts || triesUsed >= attempts) return { action: 'give_up', reason: 'exhausted' }
  // Behind the last try there is no wait of the schedule, so a free wait there is paced like the one before.
  const slot = delaySeconds(policy.schedule, usedBefore + 1) ?? delaySeconds(policy.schedule, usedBefore) ?? 0
  const waitSeconds = Math.max(withJitter(slot, policy.jitter ?? DEFAULT_JITTER, random()), retryAfter)
  return { action: 'retry', dueAtMs: nowMs + Math.ceil(waitSeconds * 1000), triesUsed }
}

/**
 * The policy that a name, a schedule or a policy stands for, be it written or read from where it was stored.
 *
 * @throws {WebhookError} `invalid_option`, naming the field.
 */
export function resolveRetryPolicy(input: unknown): RetryPolicy {
  if (typeof input === 'string') {
    const named = NAMED_POLICIES.get(input)
    if (named !== undefined) return named
  }
  const checked = validateRetryPolicy(input)
  if (!checked.ok) throw new WebhookError('invalid_option', checked.message, { argument: checked.field })
  return checked.policy
}

type Verdict = 'retry' | 'give_up' | 'disable'

function judgeError(code: string): Verdict {
  return FINAL_ERRORS.has(code) ? 'give_up' : 'retry'
}

function judgeStatus(status: number, { retryOn = [], giveUpOn = [] }: RetryPolicy, retryAfter: number): Verdict {
  if (giveUpOn.includes(status)) return 'give_up'
  if (retryOn.includes(status)) return 'retry'
  if (status === 410) return 'disable'
  const hundred = `${Math.floor(status / 100)}xx`
  if (giveUpOn.some(pattern => pattern === hundred)) return 'give_up'
  if (retryOn.some(pattern => pattern === hundred)) return 'retry'
  if (status === 408 || status === 425 || status === 429 || (status === 409 && retryAfter > 0)) return 'retry'
  return status >= 300 && status < 500 ? 'give_up' : 'retry'
}

function isThrottled(outcome: FailedAttempt): boolean {
  return 'status' in outcome && (outcome.status === 429 || outcome.status === 503)
}
