/** Waits that grow by a factor up to a limit. */
export interface ExponentialSchedule {
  /** The wait after the first attempt, in seconds. */
  readonly initialSeconds: number
  /** Each wait is this many times the one before. 1 keeps it fixed. */
  readonly factor: number
  /** No wait is longer, in seconds. */
  readonly maxSeconds: number
  /** Attempts in all, the first one included. */
  readonly maxAttempts: number
}

/**
 * The waits between attempts: a list of seconds, one between each two attempts (`[60, 120]` makes three attempts), or a
 * rule. An empty list makes one attempt.
 */
export type RetrySchedule = readonly number[] | ExponentialSchedule

/**
 * How long to wait after an attempt.
 *
 * @param attemptNumber the attempt that has just failed, from 1.
 * @returns seconds, without jitter; `undefined` when there is no further attempt.
 * @example
 * delaySeconds([60, 120, 300, 600], 1) // 60
 * delaySeconds({ initialSeconds: 5, factor: 2, maxSeconds: 15, maxAttempts: 4 }, 3) // 15
 */
export function delaySeconds(schedule: RetrySchedule, attemptNumber: number): number | undefined {
  if (!Number.isSafeInteger(attemptNumber) || attemptNumber < 1 || attemptNumber >= attemptCount(schedule)) {
    return undefined
  }
  if (isList(schedule)) return schedule[attemptNumber - 1]
  return Math.min(schedule.initialSeconds * schedule.factor ** (attemptNumber - 1), schedule.maxSeconds)
}

/** Attempts that a schedule makes in all, the first one included. */
export function attemptCount(schedule: RetrySchedule): number {
  return isList(schedule) ? schedule.length + 1 : schedule.maxAttempts
}

/** All waits of a schedule, in seconds. */
export function scheduleDelays(schedule: RetrySchedule): readonly number[] {
  const delays: number[] = []
  for (let attempt = 1; attempt < attemptCount(schedule); attempt++) delays.push(delaySeconds(schedule, attempt) ?? 0)
  return delays
}

/**
 * Adds jitter to a wait, after every limit, so that deliveries which failed together do not come back together. It
 * only makes a wait longer: an attempt is never early.
 *
 * @param jitter the largest part of the wait that is added, 0 to 1. 0.1 adds up to a tenth.
 * @param random a number from 0 up to, but not including, 1.
 * @returns seconds.
 * @example withJitter(60, 0.1, 0.5) // 63
 */
export function withJitter(seconds: number, jitter: number, random: number): number {
  return seconds * (1 + jitter * random)
}

function isList(schedule: RetrySchedule): schedule is readonly number[] {
  return Array.isArray(schedule)
}
