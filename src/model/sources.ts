import type { Clock } from '../clock.ts'
import type { WebhookError } from '../errors.ts'
import type { NewId } from '../ids.ts'

/** Where times, chances and ids come from. What is left out is the runtime's own. */
export interface Sources {
  readonly clock?: Clock
  readonly random?: () => number
  readonly newId?: NewId
}

/** @throws what `invalid` makes for the first one that is not what it is taken for. */
export function checkSources(
  { clock, random, newId }: Sources,
  invalid: (argument: string, problem: string) => WebhookError,
): void {
  if (clock !== undefined && (typeof clock?.now !== 'function' || typeof clock.setTimer !== 'function')) {
    throw invalid('clock', 'must have now and setTimer, as manualClock() has')
  }
  if (random !== undefined && typeof random !== 'function') throw invalid('random', 'must be a function')
  if (newId !== undefined && typeof newId !== 'function') throw invalid('newId', 'must be a function')
}
