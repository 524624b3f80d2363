import { headerEntries, type WebhookRequest, type WebhookResponse } from '../../model/http.ts'
import type { MaybePromise } from '../../model/verification.ts'
import type { TransportRequest, TransportResult } from '../../transports/transport.ts'
import type { Life } from './life.ts'
import type { Process } from './process.ts'
import type { Scheduler } from './scheduler.ts'
import type { Steps } from './steps.ts'
import {
  type Arrival,
  type EndpointScript,
  failed,
  type SimulatedEndpoint,
  scriptedEndpoint,
  servingProcess,
  type Target,
  type TargetWorld,
} from './targets.ts'

/** Carries requests from processes to endpoints, and to processes that serve. */
export class Network {
  readonly #world: TargetWorld
  readonly #steps: Steps
  readonly #targets = new Map<string, Target>()
  /** Requests under way. */
  open = 0

  constructor(scheduler: Scheduler, steps: Steps, note: (who: string, line: string) => void) {
    this.#world = { scheduler, note }
    this.#steps = steps
  }

  endpoint(url: string, script: EndpointScript, accepted: (arrival: Arrival) => void): SimulatedEndpoint {
    const { endpoint, target } = scriptedEndpoint(url, script, accepted, this.#world)
    this.#targets.set(new URL(url).href, target)
    return endpoint
  }

  serve<Instance>(
    url: string,
    process: Process<Instance>,
    receive: (instance: Instance, request: WebhookRequest) => MaybePromise<WebhookResponse>,
  ): void {
    this.#targets.set(new URL(url).href, servingProcess(process, receive, this.#world))
  }

  /** One request. Never rejects; never settles when the process of `life` dies meanwhile. */
  send(request: TransportRequest, life?: Life): Promise<TransportResult> {
    const { scheduler, note } = this.#world
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
          note(from, `${told}: does not arrive`)
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
