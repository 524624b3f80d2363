import type { Clock } from '../../clock.ts'
import type { WebhookRequest, WebhookResponse } from '../../model/http.ts'
import type { MaybePromise } from '../../model/verification.ts'
import type { Store } from '../../storage/store.ts'
import type { TransportResult } from '../../transports/transport.ts'
import type { Ledger } from './ledger.ts'
import type { SimulatedHost, SimulatedProcess } from './process.ts'
import type { Incident } from './steps.ts'
import type { Arrival, EndpointScript, SimulatedEndpoint } from './targets.ts'

/** Everything there is in a simulation. */
export interface SimulatedWorld {
  readonly seed: number
  /** Virtual time, as those see it who never die. */
  readonly clock: Clock
  readonly random: () => number
  /** The durable store itself: calls are no steps, and do not fail. To look at what there is. */
  readonly store: Store
  /** Compared at the end: what was accepted must have been delivered. */
  readonly ledger: Ledger
  /** What went wrong on purpose so far. */
  readonly incidents: readonly Incident[]
  /**
   * Starts a process; `create` is called again after each of its deaths. Timers, calls to the store and requests of a
   * run that died come to nothing, but what was on its way may still take effect.
   *
   * @example
   * const sender = world.spawn('sender', host => {
   *   const sender = createSender(host)
   *   sender.start()
   *   return sender
   * })
   */
  spawn<Instance>(name: string, create: (host: SimulatedHost) => MaybePromise<Instance>): SimulatedProcess<Instance>
  /**
   * Somebody's server.
   *
   * @param script what it answers, as in `scriptedTransport`. Default: 200.
   * @param accepted called for each request that it answers with 2xx, whether anybody hears that or not.
   */
  endpoint(url: string, script?: EndpointScript, accepted?: (arrival: Arrival) => void): SimulatedEndpoint
  /** Requests to this URL are answered by a process: `(receiver, request) => receiver.receive(request)`. */
  serve<Instance>(
    url: string,
    process: SimulatedProcess<Instance>,
    receive: (instance: Instance, request: WebhookRequest) => MaybePromise<WebhookResponse>,
  ): void
  /** A request from outside. Never rejects. It may fail, or its answer be lost, but nobody dies of it. */
  send(request: WebhookRequest, options?: { readonly timeoutMs?: number }): Promise<TransportResult>
  /** The same, made anew and sent again within half a minute until the answer is 2xx: what most senders do. */
  insist(make: () => MaybePromise<WebhookRequest>): Promise<TransportResult>
  sleep(milliseconds: number): Promise<void>
  /** Runs something during which nothing goes wrong and nobody dies: to set things up. */
  calmly<Value>(work: () => MaybePromise<Value>): Promise<Value>
  /** Holds the world until something real has been done, such as reading a file. Everything else must be virtual. */
  outside<Value>(work: () => Promise<Value>): Promise<Value>
  /**
   * Ends all faults but crash points, and lets time pass until no delivery waits, no process is down and nothing is
   * under way: at most 30 days.
   */
  settle(): Promise<void>
}
