import type { Clock } from '../clock.ts'
import { WebhookError } from '../errors.ts'

/** A clock that moves only when told. */
export interface ManualClock extends Clock {
  /**
   * Moves the time on and runs the timers that fall due on the way, in order, each at its own time. Rejects with
   * `invalid_option` for what is no number from 0.
   */
  advance(milliseconds: number): Promise<void>
  /** How many timers are waiting. */
  readonly pending: number
}

interface Timer {
  readonly dueAtMs: number
  readonly order: number
  readonly callback: () => void
}

/**
 * A clock for tests.
 *
 * @param startMs where it begins, in milliseconds since the epoch. Default 2025-01-01T00:00:00Z.
 * @throws {WebhookError} `invalid_option` for a start that is no number.
 * @example
 * const clock = manualClock()
 * const receiver = createReceiver({ provider, clock })
 * await clock.advance(60_000)
 */
export function manualClock(startMs: number = Date.UTC(2025, 0, 1)): ManualClock {
  if (!Number.isFinite(startMs)) {
    throw new WebhookError('invalid_option', 'manualClock: startMs must be milliseconds, as Date.UTC() gives them', {
      argument: 'startMs',
    })
  }
  let nowMs = startMs
  let order = 0
  const timers = new Set<Timer>()
  const nextDue = (untilMs: number): Timer | undefined => {
    let next: Timer | undefined
    for (const timer of timers) {
      if (timer.dueAtMs > untilMs) continue
      const earlier = next === undefined || timer.dueAtMs < next.dueAtMs
      if (earlier || (timer.dueAtMs === next?.dueAtMs && timer.order < next.order)) next = timer
    }
    return next
  }
  return {
    now: () => nowMs,
    setTimer(callback, delayMs) {
      const timer: Timer = { dueAtMs: nowMs + Math.max(0, delayMs), order: order++, callback }
      timers.add(timer)
      return () => void timers.delete(timer)
    },
    async advance(milliseconds) {
      if (!Number.isFinite(milliseconds) || milliseconds < 0) {
        throw new WebhookError('invalid_option', 'advance: milliseconds must be a number from 0', {
          argument: 'milliseconds',
        })
      }
      const untilMs = nowMs + milliseconds
      await settle()
      for (let timer = nextDue(untilMs); timer !== undefined; timer = nextDue(untilMs)) {
        timers.delete(timer)
        nowMs = Math.max(nowMs, timer.dueAtMs)
        timer.callback()
        await settle()
      }
      nowMs = untilMs
    },
    get pending() {
      return timers.size
    },
  }
}

interface TimerHost {
  readonly setImmediate?: (callback: () => void) => unknown
  readonly setTimeout: (callback: () => void, delayMs: number) => unknown
}

/** As they were when this was loaded, so that tests which replace timers do not stop the clock. */
const { setImmediate: afterTurn, setTimeout: afterTime } = globalThis as unknown as TimerHost

/** Lets promises that are already resolved run, including all that they start: a turn of the event loop. */
function settle(): Promise<void> {
  return new Promise(resolve => {
    if (afterTurn === undefined) afterTime(resolve, 0)
    else afterTurn(resolve)
  })
}
