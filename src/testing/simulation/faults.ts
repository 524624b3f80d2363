import { WebhookError } from '../../errors.ts'
import type { FieldTable } from '../../model/known-fields.ts'
import { checkOptions } from '../../model/known-fields.ts'

/** What may go wrong at a step, each as a chance from 0 (default) to 1. A step suffers at most one of these. */
export interface SimulatedFaults {
  /** It fails before it did anything: the store is down, the connection is refused. */
  readonly fail?: number
  /** It is done, but the answer is lost. */
  readonly loseAnswer?: number
  /** It takes up to 30 seconds instead of a few milliseconds. */
  readonly slow?: number
  /** Its process dies there, before or after, and is started again within a minute. */
  readonly kill?: number
  /** Its process stands still behind it, for up to three minutes, while the others go on. */
  readonly pause?: number
}

const FAULTS: FieldTable<SimulatedFaults> = {
  fail: true,
  loseAnswer: true,
  slow: true,
  kill: true,
  pause: true,
}

/** @throws {WebhookError} `invalid_option` for a fault that is not known, and a chance that is none. */
export function checkFaults(faults: SimulatedFaults): void {
  checkOptions(faults, Object.keys(FAULTS), 'simulate', 'faults')
  for (const [name, chance] of Object.entries(faults)) {
    if (chance === undefined || (typeof chance === 'number' && chance >= 0 && chance <= 1)) continue
    throw new WebhookError('invalid_option', `simulate: faults.${name} must be a chance from 0 to 1`, {
      argument: `faults.${name}`,
    })
  }
}

/** What happens at one step. */
export type Fault = 'none' | 'fail' | 'loseAnswer' | 'slow' | 'pause' | 'kill:before' | 'kill:after'

/** Throws lots. */
export function drawFault(chances: SimulatedFaults, random: () => number): Fault {
  const { fail = 0, loseAnswer = 0, slow = 0, kill = 0, pause = 0 } = chances
  if (fail + loseAnswer + slow + kill + pause === 0) return 'none'
  let lot = random()
  const isHit = (chance: number): boolean => {
    lot -= chance
    return lot < 0
  }
  if (isHit(fail)) return 'fail'
  if (isHit(loseAnswer)) return 'loseAnswer'
  if (isHit(slow)) return 'slow'
  if (isHit(pause)) return 'pause'
  if (isHit(kill / 2)) return 'kill:before'
  return isHit(kill / 2) ? 'kill:after' : 'none'
}

/** Where a process dies: at which step, and whether that still comes about. */
export interface CrashPoint {
  readonly text: string
  readonly process: string | undefined
  readonly call: string
  readonly count: number
  readonly fault: 'kill:before' | 'kill:after'
}

/** @throws {WebhookError} `invalid_option` when the text is no crash point. */
export function parseCrashPoint(text: string): CrashPoint {
  const match = /^(?:([^/#:]+)\/)?([\w.-]+)(?:#([1-9]\d{0,8}))?:(before|after)$/.exec(text)
  const [, process, call = '', count = '1', when] = match ?? []
  if (when !== 'before' && when !== 'after') {
    throw new WebhookError(
      'invalid_option',
      `simulate: crashAt must be like 'deliveries.settle:after' or 'sender/deliveries.settle#2:before', not '${text}'`,
      { argument: 'crashAt' },
    )
  }
  return { text, process, call, count: Number(count), fault: `kill:${when}` }
}

/** The error of a step that did nothing. */
export function notDone(call: string): WebhookError {
  return new WebhookError('store_unavailable', `simulated: ${call} failed`)
}

/** The error of a step that was done, of which nobody heard. */
export function notHeard(call: string): WebhookError {
  return new WebhookError('store_outcome_unknown', `simulated: the answer of ${call} was lost`)
}
