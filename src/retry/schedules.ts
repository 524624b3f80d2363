import type { RetrySchedule } from './backoff.ts'
import type { RetryPolicy } from './retry-policy.ts'

/**
 * Schedules by name. The waits between attempts, in seconds:
 *
 * | name | waits | attempts | jitter | retried |
 * | --- | --- | --- | --- | --- |
 * | `default` | 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 14 h, 20 h, 24 h | 10 in 3 days 3.6 hours | 0.1 | the usual |
 * | `askpro` | 60, 120, 300, 600 | 5 | 0 | all but 2xx |
 * | `askpro-callbacks` | 60, 60 | 3 | 0 | all but 2xx |
 * | `devlink` | 5, 10, 20 | 4 | 0 | all but 2xx |
 * | `whatscrm` | 2, 4 | 3 | 0 | all but 2xx |
 * | `pipedrive` | 3, 30, 150 | 4 | 0 | all but 2xx |
 *
 * `default` is the example of the Standard Webhooks specification 1.0.0. The others do what those systems document, and
 * retry like them every answer that is not 2xx, 410 included. See {@link devlinkRetry} and {@link whatscrmRetry} for
 * other numbers.
 */
export type RetryScheduleName = 'default' | 'askpro' | 'askpro-callbacks' | 'devlink' | 'whatscrm' | 'pipedrive'

/** Every status that is not a success. 410 is named, because only its number stops it from disabling the endpoint. */
const EVERY_FAILURE = ['3xx', '4xx', '5xx', 410] as const

function likeTheDocument(schedule: RetrySchedule): RetryPolicy {
  return { schedule, jitter: 0, retryOn: EVERY_FAILURE }
}

/**
 * The retries of DevLink CRM: the delay doubles with each one.
 *
 * @param retryDelaySeconds the first wait. Default 5.
 * @param maxRetries retries after the first attempt. Default 3.
 * @example devlinkRetry({ retryDelaySeconds: 10, maxRetries: 2 }) // waits 10, 20
 */
export function devlinkRetry({ retryDelaySeconds = 5, maxRetries = 3 } = {}): RetryPolicy {
  return likeTheDocument(Array.from({ length: maxRetries }, (_, retry) => retryDelaySeconds * 2 ** retry))
}

/**
 * The retries of WhatsCRM: 2, 4, 8, … seconds.
 *
 * @param retryCount attempts in all, as WhatsCRM counts; 0 and 1 both make one. Default 3.
 * @example whatscrmRetry(4) // waits 2, 4, 8
 */
export function whatscrmRetry(retryCount = 3): RetryPolicy {
  return likeTheDocument(Array.from({ length: Math.max(0, retryCount - 1) }, (_, retry) => 2 ** (retry + 1)))
}

/** The policies behind the names. A map, so that no inherited property passes for a name. */
export const NAMED_POLICIES: ReadonlyMap<string, RetryPolicy> = new Map<RetryScheduleName, RetryPolicy>([
  ['default', { schedule: [5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400] }],
  ['askpro', likeTheDocument([60, 120, 300, 600])],
  ['askpro-callbacks', likeTheDocument([60, 60])],
  ['devlink', devlinkRetry()],
  ['whatscrm', whatscrmRetry()],
  ['pipedrive', likeTheDocument([3, 30, 150])],
])
