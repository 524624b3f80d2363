import { systemClock } from '../../../clock.ts'
import { WebhookError } from '../../../errors.ts'
import { isConflict, toStoreError } from './errors.ts'

const MAX_TRIES = 4

/** Something that is asked of the database, until it is answered or its time is over. */
export class Call {
  /** Its time is over: the caller was told so, and nothing more may be sent for it. */
  over = false
  /** Something was sent that may have been written, even when no answer comes. */
  sent = false
  /** Gives up the connection that does not answer, where it can be replaced. */
  drop: (() => void) | undefined

  /** To be called before anything is sent. */
  check(): void {
    if (this.over) throw new WebhookError('store_unavailable', 'PostgreSQL: given up before it was asked')
  }
}

/**
 * Waits for so long and no longer. A connection that did not answer in time is given up with what was asked on it: the
 * pool makes a new one, since a network may have lost the old one without a word.
 *
 * @param maxTries how often it is tried when the server undoes it for the sake of another transaction. Default 4.
 */
export function bounded<Result>(
  work: (call: Call) => Promise<Result>,
  timeoutMs: number,
  maxTries = MAX_TRIES,
): Promise<Result> {
  const call = new Call()
  return new Promise((resolve, reject) => {
    const cancel = systemClock.setTimer(() => {
      call.over = true
      reject(toStoreError(new Error(`no answer within ${timeoutMs / 1000} s`), call.sent))
      call.drop?.()
    }, timeoutMs)
    retried(work, call, maxTries)
      .then(resolve, (error: unknown) => reject(toStoreError(error, call.sent)))
      .finally(cancel)
  })
}

/** The same without an end, for what may take long and must be done. */
export async function unbounded<Result>(work: (call: Call) => Promise<Result>): Promise<Result> {
  const call = new Call()
  try {
    return await retried(work, call)
  } catch (error) {
    throw toStoreError(error, call.sent)
  }
}

/** What the server undid for the sake of another transaction is tried again at once. */
export async function retried<Result>(
  work: (call: Call) => Promise<Result>,
  call: Call,
  maxTries = MAX_TRIES,
): Promise<Result> {
  const { sent } = call
  for (let tries = 1; ; tries++) {
    try {
      return await work(call)
    } catch (error) {
      if (tries >= maxTries || call.over || !isConflict(error)) throw error
      call.sent = sent
    }
  }
}
