import type { Clock } from '../../clock.ts'
import type { TransportRequest, TransportResult } from '../transport.ts'
import { endWith, forget } from './abort-listeners.ts'
import { classifyError, type Failure } from './failure.ts'

/**
 * One exchange under way: whichever end comes first counts, the time limit included. A signal that is aborted already
 * is for the caller to see.
 */
export class Settlement {
  settled = false
  /** Where it stands among the exchanges of its transport. */
  place = 0
  readonly #clock: Clock
  readonly #startedAtMs: number
  readonly #resolve: (result: TransportResult) => void
  readonly #signal: AbortSignal | undefined
  readonly #cancelTimer: () => void
  #stop: (() => void) | undefined

  constructor(request: TransportRequest, clock: Clock, resolve: (result: TransportResult) => void) {
    this.#clock = clock
    this.#startedAtMs = clock.now()
    this.#resolve = resolve
    this.#signal = request.signal
    this.#cancelTimer = clock.setTimer(
      () => this.fail({ code: 'timeout', message: `no complete answer within ${request.timeoutMs} ms` }),
      request.timeoutMs,
    )
    if (this.#signal !== undefined) endWith(this.#signal, this)
  }

  /** What ends the exchange at the HTTP client when it fails. Called at once if it has failed already. */
  onFailure(stop: () => void): void {
    if (this.settled) stop()
    else this.#stop = stop
  }

  succeed(answer: Pick<Extract<TransportResult, { ok: true }>, 'status' | 'headers' | 'body' | 'truncated'>): void {
    if (!this.#close()) return
    const { status, headers, body, truncated } = answer
    this.#resolve({ ok: true, status, headers, body, truncated, durationMs: this.#durationMs() })
  }

  fail(failure: Failure): void {
    if (!this.#close()) return
    this.#resolve({ ok: false, code: failure.code, message: failure.message, durationMs: this.#durationMs() })
    this.#stop?.()
  }

  readonly failWith = (error: unknown): void => this.fail(classifyError(error))

  abort(): void {
    this.fail({ code: 'aborted', message: 'the attempt was given up' })
  }

  #close(): boolean {
    if (this.settled) return false
    this.settled = true
    this.#cancelTimer()
    if (this.#signal !== undefined) forget(this.#signal, this)
    return true
  }

  #durationMs(): number {
    return Math.max(0, this.#clock.now() - this.#startedAtMs)
  }
}
