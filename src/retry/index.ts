export { delaySeconds, type ExponentialSchedule, type RetrySchedule, scheduleDelays } from './backoff.ts'
export { parseRetryAfter } from './retry-after.ts'
export {
  decideRetry,
  type FailedAttempt,
  type RetryDecision,
  type RetryPolicy,
  type RetryPolicyInput,
  type RetryQuestion,
  resolveRetryPolicy,
  type StatusPattern,
} from './retry-policy.ts'
export { devlinkRetry, type RetryScheduleName, whatscrmRetry } from './schedules.ts'
export {
  type RetryPolicyCheck,
  type RetryProblem,
  type ScheduleCheck,
  validateRetryPolicy,
  validateSchedule,
} from './validate.ts'
