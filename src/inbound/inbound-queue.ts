import { WebhookError } from '../errors.ts'
import type { Attempt, Delivery } from '../model/delivery.ts'
import type { ReceivedEvent } from '../model/event.ts'
import { createDeliveries, type Deliveries } from '../queue/deliveries.ts'
import { type AttemptEnd, Worker } from '../queue/worker.ts'
import { decideRetry, type RetryPolicyInput } from '../retry/retry-policy.ts'
import type { ClaimedDelivery, DeliveryStore } from '../storage/store.ts'
import { type EventHost, finishRun, runEvent } from './handle-event.ts'
import { attemptOf, causeOf } from './handler-attempt.ts'
import { decodeEvent, encodeEvent } from './stored-event.ts'

const LEASE_MS = 60_000
const POLL_MS = 1_000

/** How stored events are handled. */
export interface InboundQueueSettings {
  readonly deliveries: DeliveryStore
  readonly retry: RetryPolicyInput
  readonly ordered: boolean
  readonly slots: number
  readonly handlerTimeoutMs: number
}

/** Stores events, and runs the handlers for what was stored: with retries, and a list of what was given up. */
export class InboundQueue {
  readonly #settings: InboundQueueSettings
  readonly #host: EventHost
  readonly #worker: Worker
  readonly #lane: string
  /** Whether somebody runs the handlers here, or the log says that nobody does. */
  #isAttended = false
  /** Of this receiver. */
  readonly deliveries: Deliveries

  constructor(settings: InboundQueueSettings, host: EventHost) {
    const { deliveries, slots } = settings
    this.#settings = settings
    this.#host = host
    this.#lane = `receiver:${host.receiverName}`
    this.#worker = new Worker({
      deliveries,
      direction: 'inbound',
      lanes: new Set([this.#lane]),
      perform: (claimed, stopping) => this.#perform(claimed, stopping),
      laneLimit: () => slots,
      clock: host.clock,
      newId: host.newId,
      logger: host.logger,
      slots,
      // Handlers do not wait for what others did to be written.
      maxOpen: 10 * slots,
      slowAfterMs: Number.POSITIVE_INFINITY,
      leaseMs: LEASE_MS,
      pollMs: POLL_MS,
      settleAfterMs: 0,
    })
    this.deliveries = createDeliveries({
      store: deliveries,
      clock: host.clock,
      wake: () => this.#worker.wake(),
      only: { direction: 'inbound', endpointId: host.receiverName },
    })
  }

  /**
   * Resolves once the event is stored for good: `false` when it was already. The key keeps one that was stored just
   * before its process died from being stored again; where the id is only the body's digest, two may be meant.
   */
  async add(event: ReceivedEvent, key: string | undefined): Promise<boolean> {
    this.#warnUnattended()
    const nowMs = this.#host.clock.now()
    const { type, recordId, time, idSource, provider } = event
    const timestampMs = time?.getTime() ?? nowMs
    const stored = { id: this.#host.newId('evt'), tenant: undefined, type, timestampMs, subject: recordId }
    const ordered = this.#settings.ordered && recordId !== undefined
    const target = { direction: 'inbound', endpointId: this.#host.receiverName, lane: this.#lane } as const
    const [result] = await this.#settings.deliveries.enqueue([
      {
        event: { ...stored, data: encodeEvent(event), metadata: { provider } },
        ...(key !== undefined && idSource !== 'digest' && { idempotencyKey: `received:${key}` }),
        deliveries: [{ ...target, ordered, dueAtMs: nowMs, isTest: false }],
      },
    ])
    this.#worker.wake([this.#lane])
    return result?.stored === true
  }

  start(): void {
    this.#attend('start')
    this.#worker.start()
  }

  stop(graceMs: number): Promise<void> {
    return this.#worker.stop(graceMs)
  }

  async drain(): Promise<number> {
    this.#attend('drain')
    return this.#worker.drain()
  }

  /** An event that no handler takes is done with, so the handlers come first. */
  #attend(method: string): void {
    if (!this.#host.handlers.any) {
      const problem = 'there is no handler yet, and what is stored would be done with unhandled: call on() first'
      throw new WebhookError('invalid_option', `${method}: ${problem}`, { argument: 'handler' })
    }
    this.#isAttended = true
  }

  #warnUnattended(): void {
    if (this.#isAttended) return
    this.#isAttended = true
    this.#host.logger.warn(
      'webhook events are stored, but nothing runs the handlers here: call receiver.start(), or drain(), unless another process does',
      { receiver: this.#host.receiverName },
    )
  }

  /** One try at an event's handlers. */
  async #perform({ delivery, event: stored }: ClaimedDelivery, stopping: AbortSignal): Promise<AttemptEnd> {
    const { clock, newId } = this.#host
    const event = decodeEvent(stored.data)
    const startedAtMs = clock.now()
    const run = await runEvent(event, this.#host, startedAtMs + this.#settings.handlerTimeoutMs, stopping)
    finishRun(event, this.#host, run)
    const attempt = attemptOf(newId('att'), delivery, run, startedAtMs, clock.now())
    if (run.state === 'done') return { attempt, next: { status: 'succeeded', atMs: clock.now() } }
    return this.#afterFailure(delivery, attempt, causeOf(run))
  }

  #afterFailure({ triesUsed, attempts, eventType, id }: Delivery, attempt: Attempt, cause: string): AttemptEnd {
    const { clock, random, logger } = this.#host
    const outcome = { error: attempt.errorCode ?? 'handler_failed' }
    const nowMs = clock.now()
    const policy = this.#settings.retry
    const decision = decideRetry({ outcome, attempt: attempts + 1, triesUsed, policy, nowMs, random })
    const lastError = attempt.errorMessage ?? outcome.error
    if (decision.action === 'retry') {
      const { dueAtMs, triesUsed: used } = decision
      return { attempt, lastError, cause, next: { status: 'pending', dueAtMs, triesUsed: used } }
    }
    const receiver = this.#host.receiverName
    const told = { receiver, deliveryId: id, type: eventType, attempts: attempts + 1, error: lastError }
    logger.error('webhook event given up', told)
    return { attempt, lastError, cause, reason: decision.reason, next: { status: 'failed', atMs: nowMs } }
  }
}
