import type { Clock } from '../clock.ts'
import { WebhookError } from '../errors.ts'

/**
 * What a store answers, or a rejection with `store_unavailable` when that has not come by a time, in milliseconds since
 * the epoch. What it answers later is handed to `late`.
 */
export function inTime<Result>(
  answer: PromiseLike<Result>,
  clock: Clock,
  untilMs: number,
  late?: (result: Result) => void,
): Promise<Result> {
  return new Promise((resolve, reject) => {
    let over = false
    const giveUp = (): void => {
      over = true
      reject(new WebhookError('store_unavailable', 'the store did not answer in time'))
    }
    const cancel = clock.setTimer(giveUp, Math.max(0, untilMs - clock.now()))
    const told = Promise.resolve(answer).then(result => (over ? late?.(result) : resolve(result)), reject)
    void told.finally(cancel)
  })
}
