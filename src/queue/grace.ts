import type { Clock } from '../clock.ts'
import { WebhookError } from '../errors.ts'
import { checkOptions } from '../model/known-fields.ts'

/** How long aborted attempts have to end. */
const ABORT_MS = 1_000

/** What a stop may be told. */
export interface StopOptions {
  readonly graceSeconds?: number
}

/**
 * The grace of a stop in milliseconds, by default that of 30 seconds.
 *
 * @throws {WebhookError} `invalid_option` for what is no number: nothing under way would be waited for.
 */
export function graceMsOf(options: StopOptions = {}): number {
  checkOptions(options, ['graceSeconds'], 'stop')
  const { graceSeconds = 30 } = options
  if (typeof graceSeconds === 'number' && graceSeconds >= 0) return graceSeconds * 1000
  const argument = 'graceSeconds'
  throw new WebhookError('invalid_option', `stop: ${argument} must be a number from 0`, { argument })
}

/** What a worker that stops grants to what is under way. */
export class Grace {
  readonly #clock: Clock
  readonly #ends = new Set<() => void>()
  #overListeners: Array<() => void> = []

  constructor(clock: Clock) {
    this.#clock = clock
  }

  get isRunning(): boolean {
    return this.#ends.size > 0
  }

  /** Waits for `ended`, aborts after `graceMs`, and waits no longer than a second after that, or than for `cancel`. */
  async run(graceMs: number, ended: Promise<void>, abort: () => void): Promise<void> {
    const clock = this.#clock
    let end = (): void => {}
    const over = new Promise<void>(resolve => {
      end = resolve
    })
    this.#ends.add(end)
    const cancelAbort = clock.setTimer(abort, graceMs)
    const cancelEnd = clock.setTimer(end, graceMs + ABORT_MS)
    await Promise.race([ended, over])
    cancelAbort()
    cancelEnd()
    this.#ends.delete(end)
    if (this.isRunning) return
    const listeners = this.#overListeners
    this.#overListeners = []
    for (const listener of listeners) listener()
  }

  /** The worker goes on: nothing is aborted. */
  cancel(): void {
    for (const end of this.#ends) end()
  }

  /** Resolves when none is running. */
  over(): Promise<void> {
    return this.isRunning ? new Promise(resolve => this.#overListeners.push(resolve)) : Promise.resolve()
  }
}
