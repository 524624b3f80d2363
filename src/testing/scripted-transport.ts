import { utf8 } from '../bytes/encoding.ts'
import type { Clock } from '../clock.ts'
import { WebhookError } from '../errors.ts'
import type { Transport, TransportErrorCode, TransportRequest, TransportResult } from '../transports/transport.ts'

/** What the other side does with a request. */
export type ScriptedAnswer =
  | number
  | {
      readonly status: number
      readonly headers?: Readonly<Record<string, string>>
      readonly body?: string
      readonly afterMs?: number
    }
  | { readonly error: TransportErrorCode; readonly afterMs?: number }
  /** Says nothing until the time limit. */
  | 'hang'

/** A transport without a network. */
export interface ScriptedTransport extends Transport {
  /** Every request that was sent, oldest first. */
  readonly requests: readonly TransportRequest[]
}

/**
 * Answers from a script and records what was sent.
 *
 * @param script a list of answers, the last of which repeats, or a function of the request.
 * @throws {WebhookError} `invalid_option` for an answer that is none.
 * @example
 * const transport = scriptedTransport([500, { error: 'timeout' }, 200], clock)
 */
export function scriptedTransport(
  script: readonly ScriptedAnswer[] | ((request: TransportRequest, index: number) => ScriptedAnswer),
  clock: Clock,
): ScriptedTransport {
  if (typeof script !== 'function') checkScript(script)
  if (typeof clock?.setTimer !== 'function') throw invalid('clock', 'must be a clock, such as manualClock()')
  const requests: TransportRequest[] = []
  const answerTo = (request: TransportRequest, index: number): ScriptedAnswer =>
    typeof script === 'function' ? script(request, index) : (script[Math.min(index, script.length - 1)] ?? 200)
  return {
    requests,
    send(request) {
      requests.push(request)
      const answer = answerTo(request, requests.length - 1)
      const limited = plan(answer, request.timeoutMs)
      if (limited.afterMs === 0) return Promise.resolve(limited.result)
      return new Promise(resolve => {
        const end = (result: TransportResult): void => {
          cancel()
          request.signal?.removeEventListener('abort', abort)
          resolve(result)
        }
        const abort = (): void => end({ ok: false, code: 'aborted', message: 'aborted', durationMs: 0 })
        const cancel = clock.setTimer(() => end(limited.result), limited.afterMs)
        request.signal?.addEventListener('abort', abort)
      })
    },
  }
}

function checkScript(script: unknown): void {
  if (!Array.isArray(script)) throw invalid('script', 'must be a list of answers, or a function')
  script.forEach((answer: unknown, i) => {
    if (!isAnswer(answer)) throw invalid(`script[${i}]`, "must be a status, { status }, { error } or 'hang'")
  })
}

function isAnswer(answer: unknown): boolean {
  if (typeof answer === 'number' || answer === 'hang') return true
  if (typeof answer !== 'object' || answer === null) return false
  return ('status' in answer && typeof answer.status === 'number') || 'error' in answer
}

function invalid(argument: string, problem: string): WebhookError {
  return new WebhookError('invalid_option', `scriptedTransport: ${argument} ${problem}`, { argument })
}

function plan(
  answer: ScriptedAnswer,
  timeoutMs: number,
): { readonly afterMs: number; readonly result: TransportResult } {
  const timeout: TransportResult = { ok: false, code: 'timeout', message: 'no answer in time', durationMs: timeoutMs }
  if (answer === 'hang') return { afterMs: timeoutMs, result: timeout }
  const full = typeof answer === 'number' ? { status: answer } : answer
  const durationMs = full.afterMs ?? 0
  if (durationMs > timeoutMs) return { afterMs: timeoutMs, result: timeout }
  if ('error' in full) {
    return { afterMs: durationMs, result: { ok: false, code: full.error, message: full.error, durationMs } }
  }
  const { status, headers = {}, body = '' } = full
  return { afterMs: durationMs, result: { ok: true, status, headers, body: utf8(body), truncated: false, durationMs } }
}
