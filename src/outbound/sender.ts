import { systemClock } from '../clock.ts'
import { createLifecycle, type LifecycleEmitter } from '../emitter.ts'
import { WebhookError } from '../errors.ts'
import { dateMs } from '../model/date.ts'
import { Deadlines } from '../model/deadlines.ts'
import type { Attempt } from '../model/delivery.ts'
import type { Endpoint } from '../model/endpoint.ts'
import { inTime } from '../model/in-time.ts'
import { checkOptions } from '../model/known-fields.ts'
import { createDeliveries, type Deliveries } from '../queue/deliveries.ts'
import { graceMsOf } from '../queue/grace.ts'
import { givenBack } from '../queue/outcomes.ts'
import { Worker } from '../queue/worker.ts'
import type { ClaimedDelivery, TenantOption } from '../storage/store.ts'
import { announce } from './announce.ts'
import { makeAttempt, signAttempt } from './attempt.ts'
import { type AttemptLog, createAttemptLog, type EndpointStats, readStats } from './attempt-log.ts'
import type { DataOf, EventCatalogue, TypeOf } from './catalogue.ts'
import { type DeliverHost, deliver } from './deliver.ts'
import { EndpointCache } from './endpoint-cache.ts'
import { createEndpoints, type Endpoints } from './endpoints.ts'
import { EndpointHealth } from './health.ts'
import { SENDER_LIFECYCLE, type SenderLifecycle } from './lifecycle.ts'
import { readOptions, type SenderOptions } from './options.ts'
import { publishOwnEvents } from './own-events.ts'
import { Pacing } from './pacing.ts'
import { type Preview, previewOf, type SampleInput, sampleEvent } from './preview.ts'
import { type Published, type PublishHost, type PublishOptions, publishInTime } from './publisher.ts'

/** Sends events to endpoints. Made by {@link createSender}. */
export interface Sender<Catalogue extends EventCatalogue = EventCatalogue> {
  readonly endpoints: Endpoints
  /**
   * Writes the event and one delivery for each endpoint that wants it, all or nothing. Sending begins at once when
   * the sender was started.
   *
   * @throws {WebhookError} `invalid_event` when the type or the data does not fit; then nothing is written. Rejects
   * with the store's error when it could not write; `store_outcome_unknown` says that it may have: publish again with
   * the same `idempotencyKey`.
   */
  publish<Type extends TypeOf<Catalogue>>(
    type: Type,
    data: DataOf<Catalogue, Type>,
    options?: PublishOptions,
  ): Promise<Published>
  /** Begins to work: claims what is due and sends it. */
  start(): void
  /**
   * Claims nothing more and waits for what is under way. After `graceSeconds` (default 30) that is aborted, and has one
   * second to end. `start` ends a stop that is under way. Waits a second at most for what was told of the last outcomes
   * to be stored as events.
   */
  stop(options?: { readonly graceSeconds?: number }): Promise<void>
  /**
   * Sends what is due and returns how many attempts that took. For cron jobs and serverless hosts: what a rate limit
   * holds back is left for the next time, unless the sender was started. The events about these deliveries are sent as
   * well. Waits for a `stop` that is under way.
   */
  drain(): Promise<number>
  /** One signed attempt with sample data, outside the queue: not retried, and recorded as a test. */
  test(endpointId: string, input?: SampleInput & TenantOption): Promise<Attempt>
  /** What an attempt would send now, with credentials masked. */
  preview(endpointId: string, input?: SampleInput & TenantOption): Promise<Preview>
  readonly deliveries: Deliveries
  readonly attempts: AttemptLog
  /** Figures of an endpoint: totals, success rate, durations, since a time (default: the last day). */
  stats(endpointId: string, options?: { readonly since?: Date } & TenantOption): Promise<EndpointStats>
  readonly lifecycle: LifecycleEmitter<SenderLifecycle>
}

/** How long a sender that stops waits for its own events to be stored. */
const STORE_LAST_MS = 1_000
/** Cancelled deliveries that are remembered. */
const MAX_CANCELLED = 10_000
const SAMPLE_OPTIONS = ['type', 'data', 'tenant']
const STATS_OPTIONS = ['since', 'tenant']

/**
 * Creates a sender: match → render → sign → transmit → record → reschedule or give up.
 *
 * @throws {WebhookError} `invalid_option`, naming the option.
 * @example
 * const guard = createAddressGuard({ lookup: nodeLookup() })
 * const sender = createSender({ guard, transport: nodeTransport({ guard }) })
 * const { secret } = await sender.endpoints.create({ name: 'Billing', url: 'https://…', events: ['lead.*'] })
 * sender.start()
 * await sender.publish('lead.created', lead, { idempotencyKey: lead.id })
 */
export function createSender<const Catalogue extends EventCatalogue = EventCatalogue>(
  options: SenderOptions<Catalogue>,
): Sender<Catalogue> {
  const settings = readOptions(options)
  const { store, clock, logger } = settings
  const lifecycle = createLifecycle<SenderLifecycle>(logger, SENDER_LIFECYCLE)
  const cache = new EndpointCache(store.endpoints, clock, settings.endpointRefreshMs, logger)
  const health = new EndpointHealth({ store, cache, clock, logger }, settings.disableRule, lifecycle)
  const host: DeliverHost = { ...settings, cache, health }
  const pacing = new Pacing(clock)
  const endpointOf = ({ delivery }: ClaimedDelivery): Endpoint | undefined => cache.peek(delivery.endpointId)
  /** What was cancelled here: the worker may hold it, and does not begin it any more. */
  const cancelled = new Set<string>()
  const worker = new Worker({
    ...settings,
    deliveries: store.deliveries,
    direction: 'outbound',
    perform: (claimed, signal) =>
      cancelled.size > 0 && cancelled.delete(claimed.delivery.id)
        ? Promise.resolve(givenBack(claimed).end)
        : deliver(claimed, signal, host),
    onSettled: (outcome, changed) => {
      if (changed) announce(outcome, lifecycle)
    },
    laneLimit: claimed => laneLimit(endpointOf(claimed)),
    paceMs: claimed => {
      const endpoint = endpointOf(claimed)
      return endpoint === undefined || isGone(endpoint) ? 0 : pacing.waitMs(endpoint)
    },
  })
  const publishing: PublishHost = { ...settings, cache, worker }
  // Waiting for a database goes by the system's clock, whatever clock the stored times come from.
  const deadlines = new Deadlines(systemClock, settings.storeTimeoutMs)
  const endpoints = createEndpoints(store, cache, settings, settings)
  const load = async (id: string, tenant: string | undefined): Promise<Endpoint> => {
    await endpoints.get(id, tenant === undefined ? {} : { tenant })
    const endpoint = await store.endpoints.get(id, tenant)
    if (endpoint === undefined) throw new Error('the endpoint was deleted meanwhile')
    return endpoint
  }
  const sample = async (where: string, id: string, input: SampleInput & TenantOption) => {
    checkOptions(input, SAMPLE_OPTIONS, where)
    const endpoint = await load(id, input.tenant)
    const event = sampleEvent(endpoint, input, settings)
    return [endpoint, event, { id: `${event.id}_0`, attempts: 0, body: undefined, isTest: true }] as const
  }
  let stops = 0
  const ownEvents = publishOwnEvents(lifecycle, publishing, logger, deadlines)

  return {
    endpoints,
    publish: (type, data, publishOptions = {}) => publishInTime(type, data, publishOptions, publishing, deadlines),
    start: () => worker.start(),
    async stop(options) {
      const graceMs = graceMsOf(options)
      stops++
      await worker.stop(graceMs)
      await inTime(ownEvents.stored(), clock, clock.now() + STORE_LAST_MS).catch(() => undefined)
    },
    async drain() {
      const before = stops
      let attempts = await worker.drain()
      // What was told of them is due as well.
      while ((await ownEvents.stored()) && stops === before) attempts += await worker.drain()
      return attempts
    },
    async test(endpointId, input = {}) {
      const { attempt } = await makeAttempt(...(await sample('test', endpointId, input)), host)
      await store.attempts.insert([attempt])
      return attempt
    },
    async preview(endpointId, input = {}) {
      return previewOf(await signAttempt(...(await sample('preview', endpointId, input)), host))
    },
    deliveries: createDeliveries({
      store: store.deliveries,
      clock,
      wake: () => worker.wake(),
      onCancelled(id) {
        if (cancelled.size >= MAX_CANCELLED) cancelled.clear()
        cancelled.add(id)
      },
    }),
    attempts: createAttemptLog(store.attempts),
    async stats(endpointId, options = {}) {
      checkOptions(options, STATS_OPTIONS, 'stats')
      const { since, tenant } = options
      const sinceMs = since === undefined ? clock.now() - 86_400_000 : dateMs(since)
      if (Number.isNaN(sinceMs)) {
        throw new WebhookError('invalid_option', 'stats: since must be a valid Date', { argument: 'since' })
      }
      await load(endpointId, tenant)
      return readStats(store.attempts, endpointId, sinceMs)
    },
    lifecycle,
  }
}

/** A disabled endpoint is probed with one request; an ordered lane has its limit in the store. */
function laneLimit(endpoint: Endpoint | undefined): number {
  if (endpoint === undefined) return 1
  return endpoint.status === 'active' || isGone(endpoint) ? endpoint.maxInFlight : 1
}

/** Nothing is sent to it: its deliveries end as quickly as they can. */
function isGone({ status, disabledReason }: Endpoint): boolean {
  return status === 'disabled' && disabledReason === 'gone'
}
