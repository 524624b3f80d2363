import { utf8 } from '../../bytes/encoding.ts'
import type { WebhookRequest, WebhookResponse } from '../../model/http.ts'
import type { MaybePromise } from '../../model/verification.ts'
import type { TransportErrorCode, TransportRequest, TransportResult } from '../../transports/transport.ts'
import type { ScriptedAnswer } from '../scripted-transport.ts'
import type { Process } from './process.ts'
import type { Scheduler } from './scheduler.ts'

/** A request that came to an endpoint. */
export interface Arrival {
  /** Which run of which process sent it: `sender.2`. */
  readonly from: string
  readonly atMs: number
  readonly request: TransportRequest
  /** What it was answered; `undefined` when not at all. */
  readonly status: number | undefined
  /** Whether the answer reached the one who sent it. */
  readonly heard: boolean
}

/** Somebody's server. */
export interface SimulatedEndpoint {
  readonly url: string
  /** Everything that came, oldest first. */
  readonly arrivals: readonly Arrival[]
}

/** What answers requests. */
export interface Target {
  answer(request: TransportRequest, from: string): Promise<Answer>
}

/** What comes back. */
export interface Answer {
  readonly result: TransportResult
  /** The answer reached the one who sent the request. */
  readonly heard?: () => void
}

/** How an endpoint answers. */
export type EndpointScript = readonly ScriptedAnswer[] | ((request: TransportRequest, index: number) => ScriptedAnswer)

/** What the targets of requests are made in. */
export interface TargetWorld {
  readonly scheduler: Scheduler
  readonly note: (who: string, line: string) => void
}

/** Somebody's server, that answers by a script. */
export function scriptedEndpoint(
  url: string,
  script: EndpointScript,
  accepted: (arrival: Arrival) => void,
  { scheduler, note }: TargetWorld,
): { readonly endpoint: SimulatedEndpoint; readonly target: Target } {
  const arrivals: Arrival[] = []
  const answerTo = (request: TransportRequest): ScriptedAnswer =>
    typeof script === 'function'
      ? script(request, arrivals.length)
      : (script[Math.min(arrivals.length, script.length - 1)] ?? 200)
  const target: Target = {
    answer: (request, from) => {
      const { status, afterMs, result } = readAnswer(answerTo(request))
      const arrival = { from, atMs: scheduler.nowMs, request, status, heard: false }
      arrivals.push(arrival)
      note(from, `${request.method} ${url} arrives${status === undefined ? '' : `: ${status}`}`)
      if (status !== undefined && status >= 200 && status < 300) accepted(arrival)
      const heard = (): void => {
        arrival.heard = true
      }
      return new Promise(resolve => {
        if (afterMs < Number.POSITIVE_INFINITY) scheduler.after(afterMs, () => resolve({ result, heard }))
      })
    },
  }
  return { endpoint: { url, arrivals }, target }
}

/** A process that answers while it is up. */
export function servingProcess<Instance>(
  process: Process<Instance>,
  receive: (instance: Instance, request: WebhookRequest) => MaybePromise<WebhookResponse>,
  { scheduler, note }: TargetWorld,
): Target {
  return {
    answer: ({ method, url, headers, body }) =>
      new Promise(resolve => {
        const { up } = process
        if (up === undefined) {
          resolve({ result: failed('connection_refused') })
          return
        }
        const forget = up.life.onDeath(() => resolve({ result: failed('connection_reset') }))
        const run = async (): Promise<void> => {
          let result = failed('connection_reset')
          try {
            const response = await receive(up.instance, { method, url: String(url), headers, body })
            result = answered(response.status, response.headers, response.body)
            note(up.life.name, `answers ${response.status}`)
          } catch (error) {
            note(up.life.name, `fails to answer: ${String(error)}`)
          }
          forget()
          resolve({ result })
        }
        scheduler.after(0, () => void run(), up.life)
      }),
  }
}

function readAnswer(answer: ScriptedAnswer): {
  readonly status: number | undefined
  readonly afterMs: number
  readonly result: TransportResult
} {
  if (answer === 'hang') return { status: undefined, afterMs: Number.POSITIVE_INFINITY, result: failed('timeout') }
  if (typeof answer === 'number') return { status: answer, afterMs: 0, result: answered(answer, {}, '') }
  const { afterMs = 0 } = answer
  if ('error' in answer) return { status: undefined, afterMs, result: failed(answer.error) }
  const { status, headers = {}, body = '' } = answer
  return { status, afterMs, result: answered(status, headers, body) }
}

function answered(status: number, headers: Readonly<Record<string, string>>, body: string): TransportResult {
  const lowerCased = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))
  return { ok: true, status, headers: lowerCased, body: utf8(body), truncated: false, durationMs: 0 }
}

/** The result of a request that failed. */
export function failed(code: TransportErrorCode): TransportResult {
  return { ok: false, code, message: code.replace('_', ' '), durationMs: 0 }
}
