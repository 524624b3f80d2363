import { utf8 } from '../../bytes/encoding.ts'
import { headerEntries, type WebhookRequest, type WebhookResponse } from '../../model/http.ts'
import type { MaybePromise } from '../../model/verification.ts'
import type { TransportErrorCode, TransportRequest, TransportResult } from '../../transports/transport.ts'
import type { ScriptedAnswer } from '../scripted-transport.ts'
import type { Life } from './life.ts'
import type { Process } from './process.ts'
import type { Scheduler } from './scheduler.ts'
import type { Steps } from './steps.ts'

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
interface Target {
  answer(request: TransportRequest, from: string): Promise<Answer>
}

interface Answer {
  readonly result: TransportResult
  /** The answer reached the one who sent the request. */
  readonly heard?: () => void
}

/** How an endpoint answers. */
export type EndpointScript = readonly ScriptedAnswer[] | ((request: TransportRequest, index: number) => ScriptedAnswer)

/** Carries requests from processes to endpoints, and to processes that serve. */
export class Network {
  readonly #scheduler: Scheduler
  readonly #steps: Steps
  readonly #note: (who: string, line: string) => void
  readonly #targets = new Map<string, Target>()
  /** Requests under way. */
  open = 0

  constructor(scheduler: Scheduler, steps: Steps, note: (who: string, line: string) => void) {
    this.#scheduler = scheduler
    this.#steps = steps
    this.#note = note
  }

  endpoint(url: string, script: EndpointScript, accepted: (arrival: Arrival) => void): SimulatedEndpoint {
    const arrivals: Arrival[] = []
    const answerTo = (request: TransportRequest): ScriptedAnswer =>
      typeof script === 'function'
        ? script(request, arrivals.length)
        : (script[Math.min(arrivals.length, script.length - 1)] ?? 200)
    this.#targets.set(new URL(url).href, {
      answer: (request, from) => {
        const { status, afterMs, result } = readAnswer(answerTo(request))
        const arrival = { from, atMs: this.#scheduler.nowMs, request, status, heard: false }
        arrivals.push(arrival)
        this.#note(from, `${request.method} ${url} arrives${status === undefined ? '' : `: ${status}`}`)
        if (status !== undefined && status >= 200 && status < 300) accepted(arrival)
        const heard = (): void => {
          arrival.heard = true
        }
        return new Promise(resolve => {
          if (afterMs < Number.POSITIVE_INFINITY) this.#scheduler.after(afterMs, () => resolve({ result, heard }))
        })
      },
    })
    return { url, arrivals }
  }

  serve<Instance>(
    url: string,
    process: Process<Instance>,
    receive: (instance: Instance, request: WebhookRequest) => MaybePromise<WebhookResponse>,
  ): void {
    this.#targets.set(new URL(url).href, {
      answer: request =>
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
              const { status, headers, body } = await receive(up.instance, toWebhookRequest(request))
              result = answered(status, headers, body)
              this.#note(up.life.name, `answers ${status}`)
            } catch (error) {
              this.#note(up.life.name, `fails to answer: ${String(error)}`)
            }
            forget()
            resolve({ result })
          }
          this.#scheduler.after(0, () => void run(), up.life)
        }),
    })
  }

  /** One request. Never rejects; never settles when the process of `life` dies meanwhile. */
  send(request: TransportRequest, life?: Life): Promise<TransportResult> {
    const scheduler = this.#scheduler
    const steps = this.#steps
    return new Promise(resolve => {
      if (life?.dead) return
      const step = steps.begin(life, 'network.send')
      const from = life?.name ?? 'client'
      const startMs = scheduler.nowMs
      const told = `${step.label} ${request.method} ${request.url}`
      this.open++
      let isOver = false
      const end = (result: TransportResult, heard?: () => void): void => {
        if (isOver) return
        isOver = true
        this.open--
        cancelTimeout()
        request.signal?.removeEventListener('abort', abort)
        heard?.()
        resolve({ ...result, durationMs: scheduler.nowMs - startMs })
      }
      const abort = (): void => end(failed('aborted'))
      const cancelTimeout = scheduler.after(
        request.timeoutMs,
        () => {
          if (step.fault === 'kill:after') steps.after(life, step)
          end(failed('timeout'))
        },
        life,
      )
      life?.onDeath(() => {
        if (!isOver) this.open--
        isOver = true
        cancelTimeout()
      })
      request.signal?.addEventListener('abort', abort)
      const travel = async (): Promise<void> => {
        if (steps.endsBefore(life, step, told)) return
        if (step.fault === 'fail') {
          this.#note(from, `${told}: does not arrive`)
          steps.incident('fail', from)
          end(failed('connection_refused'))
          return
        }
        const target = this.#targets.get(new URL(request.url).href)
        const { result, heard } = (await target?.answer(request, from)) ?? { result: failed('dns_failed') }
        if (isOver) return
        steps.after(life, step)
        const isLost = step.fault === 'loseAnswer'
        scheduler.after(
          steps.delayMs(step),
          () => (isLost ? end(failed('connection_reset')) : end(result, heard)),
          life,
        )
      }
      // What travels takes its time by itself: nobody waits for it here.
      scheduler.after(steps.delayMs(step), () => void travel())
    })
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

function failed(code: TransportErrorCode): TransportResult {
  return { ok: false, code, message: code.replace('_', ' '), durationMs: 0 }
}

function toWebhookRequest({ method, url, headers, body }: TransportRequest): WebhookRequest {
  return { method, url: String(url), headers, body }
}

/** A request from outside as the network carries it. */
export function toTransportRequest(
  { method, url, headers, body }: WebhookRequest,
  timeoutMs: number,
): TransportRequest {
  return {
    method,
    url,
    headers: Object.fromEntries(headerEntries(headers).map(([name, value]) => [name, String(value)])),
    body,
    timeoutMs,
  }
}
