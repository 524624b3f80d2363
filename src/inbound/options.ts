import { type Clock, systemClock } from '../clock.ts'
import { WebhookError } from '../errors.ts'
import { type NewId, newId, randomFraction } from '../ids.ts'
import type { EventMap } from '../model/event.ts'
import type { FieldTable } from '../model/known-fields.ts'
import { checkOptions } from '../model/known-fields.ts'
import { harmlessLogger, type Logger } from '../model/logger.ts'
import { checkSources } from '../model/sources.ts'
import type { Provider } from '../providers/provider.ts'
import type { RetryPolicyInput } from '../retry/retry-policy.ts'
import { validateRetryPolicy } from '../retry/validate.ts'
import type { DedupeStore } from '../storage/dedupe-store.ts'
import { memoryDedupeStore } from '../storage/memory-store/dedupe.ts'
import type { AttemptStore, DeliveryStore } from '../storage/store.ts'
import type { InboundQueueSettings } from './inbound-queue.ts'

/** Options of `createReceiver`. */
export interface ReceiverOptions<Events extends EventMap> {
  /** Who sends: `pipedrive({ … })` from `crm-webhooks/providers/pipedrive`, or your own by `createProvider`. */
  readonly provider: Provider<Events>
  /**
   * Tells receivers apart that share a store, and names the service in the health answer. Default: the provider's
   * name.
   */
  readonly name?: string
  /** Remembers what was handled. Default: this process's memory (`memoryStore()`). */
  readonly store?: { readonly dedupe: DedupeStore; readonly deliveries?: DeliveryStore }
  /**
   * - `after-handling` (default): the answer waits for the handlers and tells how they ended; the sender retries.
   * - `on-receipt`: the event is written to `store`, the answer is 202, and a worker runs the handlers, with retries.
   *   Needs `receiver.start()`, or `drain` from a cron job. Events whose sender reads the answer are handled at
   *   once all the same.
   */
  readonly acknowledge?: 'after-handling' | 'on-receipt'
  /** For `on-receipt`: when a failed event is handled again. Default: the schedule `default`. */
  readonly retry?: RetryPolicyInput
  /** For `on-receipt`: events about one record are handled one after the other, oldest first. Default `false`. */
  readonly ordered?: boolean
  /** For `on-receipt`: how many events are handled at once. Default 10. */
  readonly slots?: number
  /** Largest body taken, in bytes. Default 1 MiB. */
  readonly maxBodyBytes?: number
  /** How long a body may take to arrive, in seconds. Default 10. */
  readonly bodyTimeoutSeconds?: number
  /**
   * How long the answer may wait for the handlers, in seconds. Default: what the sender grants, else 30. For
   * `on-receipt` also how long a try at the handlers of a stored event may take, which no sender waits for: there the
   * default is at least 30.
   */
  readonly handlerTimeoutSeconds?: number
  readonly dedupe?: {
    /** For how long a handled event is remembered, in seconds. Default 3 days. */
    readonly keepSeconds?: number
    /**
     * The same for events whose id is only the digest of their body, in seconds: two equal bodies may be two
     * events. Default 60.
     */
    readonly keepDigestSeconds?: number
    /** How long a crashed process keeps an event from being handled again, in seconds. Default: twice the handler's time, at least 60. */
    readonly claimSeconds?: number
  }
  /**
   * Writes every request with its answer to the exchange log of a store (`store.attempts`), secrets masked. The answer
   * waits for it, as long as it may wait for the handlers; a log that fails does not change the answer.
   */
  readonly exchangeLog?: Pick<AttemptStore, 'insert'>
  readonly logger?: Logger
  readonly clock?: Clock
  /** A number from 0 up to, but not including, 1: spreads retries. Default: strong randomness. */
  readonly random?: () => number
  /** Makes the ids of stored events, tries and leases. Default: the time and 96 random bits. For tests that repeat a history. */
  readonly newId?: NewId
}

/** Options with every default filled in. */
export interface ReceiverSettings {
  readonly name: string
  readonly dedupe: DedupeStore
  readonly maxBodyBytes: number
  readonly bodyTimeoutMs: number
  readonly handlerTimeoutMs: number
  readonly keepMs: number
  readonly keepDigestMs: number
  readonly claimMs: number
  /** Where events wait for their handlers; `undefined` when the answer waits for them. */
  readonly queue: InboundQueueSettings | undefined
  readonly exchangeLog: Pick<AttemptStore, 'insert'> | undefined
  readonly logger: Logger
  readonly clock: Clock
  readonly random: () => number
  readonly newId: NewId
}

const OPTIONS: FieldTable<ReceiverOptions<EventMap>> = {
  provider: true,
  name: true,
  store: true,
  acknowledge: true,
  retry: true,
  ordered: true,
  slots: true,
  maxBodyBytes: true,
  bodyTimeoutSeconds: true,
  handlerTimeoutSeconds: true,
  dedupe: true,
  exchangeLog: true,
  logger: true,
  clock: true,
  random: true,
  newId: true,
}

const DEDUPE_OPTIONS: FieldTable<NonNullable<ReceiverOptions<EventMap>['dedupe']>> = {
  keepSeconds: true,
  keepDigestSeconds: true,
  claimSeconds: true,
}

/** @throws {WebhookError} `invalid_option`, naming the option. */
export function readOptions<Events extends EventMap>(options: ReceiverOptions<Events>): ReceiverSettings {
  checkShape(options)
  const { provider, dedupe = {} } = options
  if (options.store !== undefined && typeof options.store.dedupe?.claim !== 'function') {
    throw invalid('store', 'must have a dedupe store, as memoryStore() has')
  }
  if (options.exchangeLog !== undefined && typeof options.exchangeLog.insert !== 'function') {
    throw invalid('exchangeLog', 'must be the attempts of a store, as memoryStore().attempts is')
  }
  const handlerTimeoutMs = milliseconds(
    'handlerTimeoutSeconds',
    options.handlerTimeoutSeconds,
    provider.timeoutSeconds ?? 30,
  )
  return {
    name: options.name ?? provider.name,
    dedupe: options.store?.dedupe ?? memoryDedupeStore(),
    maxBodyBytes: positive('maxBodyBytes', options.maxBodyBytes ?? 1_048_576),
    bodyTimeoutMs: milliseconds('bodyTimeoutSeconds', options.bodyTimeoutSeconds, 10),
    handlerTimeoutMs,
    keepMs: milliseconds('dedupe.keepSeconds', dedupe.keepSeconds, 259_200),
    keepDigestMs: milliseconds('dedupe.keepDigestSeconds', dedupe.keepDigestSeconds, 60),
    claimMs: milliseconds('dedupe.claimSeconds', dedupe.claimSeconds, Math.max(60, (2 * handlerTimeoutMs) / 1000)),
    queue: readQueueOptions(options, handlerTimeoutMs),
    exchangeLog: options.exchangeLog,
    logger: harmlessLogger(options.logger),
    clock: options.clock ?? systemClock,
    random: options.random ?? randomFraction,
    newId: options.newId ?? newId,
  }
}

/** A simulated host is handed to receivers as it is, with what it has for senders. */
function withoutSenderParts(options: unknown): unknown {
  if (typeof options !== 'object' || options === null) return options
  return { ...options, transport: undefined, guard: undefined }
}

function checkShape<Events extends EventMap>(options: ReceiverOptions<Events>): void {
  if ('verify' in Object(options)) throw invalid('provider', 'is missing: write createReceiver({ provider })')
  checkOptions(withoutSenderParts(options), Object.keys(OPTIONS), 'createReceiver')
  const { provider, dedupe, name } = options
  if (typeof provider?.verify !== 'function' || typeof provider.parse !== 'function') {
    throw invalid('provider', 'must be a provider, such as pipedrive({ … }). Was the factory called?')
  }
  if (dedupe !== undefined) {
    checkOptions(dedupe, Object.keys(DEDUPE_OPTIONS), 'createReceiver', 'dedupe')
  }
  if (name !== undefined && (typeof name !== 'string' || name === '')) throw invalid('name', 'must be a text')
  checkSources(options, invalid)
}

const ON_RECEIPT_ONLY = ['retry', 'ordered', 'slots'] as const

/** For a try at the handlers of a stored event, where nothing is said: its sender has been answered. */
const STORED_TIMEOUT_MS = 30_000

function readQueueOptions<Events extends EventMap>(
  options: ReceiverOptions<Events>,
  handlerTimeoutMs: number,
): InboundQueueSettings | undefined {
  const { acknowledge = 'after-handling', store, retry = 'default', ordered = false, slots = 10 } = options
  if (acknowledge === 'after-handling') {
    const useless = ON_RECEIPT_ONLY.find(name => options[name] !== undefined)
    if (useless !== undefined) throw invalid(useless, `has no effect without acknowledge: 'on-receipt'`)
    return undefined
  }
  if (acknowledge !== 'on-receipt') throw invalid('acknowledge', `must be 'after-handling' or 'on-receipt'`)
  const deliveries = store?.deliveries
  if (typeof deliveries?.enqueue !== 'function') {
    throw invalid('store', `must be a whole store for acknowledge: 'on-receipt', such as sqliteStore('webhooks.db')`)
  }
  const checked = validateRetryPolicy(retry)
  if (!checked.ok) {
    throw new WebhookError('invalid_option', `createReceiver: ${checked.message}`, { argument: checked.field })
  }
  if (typeof ordered !== 'boolean') throw invalid('ordered', 'must be true or false')
  if (!Number.isInteger(slots) || slots < 1) throw invalid('slots', 'must be a whole number above 0')
  const isGiven = options.handlerTimeoutSeconds !== undefined
  const tryTimeoutMs = isGiven ? handlerTimeoutMs : Math.max(STORED_TIMEOUT_MS, handlerTimeoutMs)
  return { deliveries, retry, ordered, slots, handlerTimeoutMs: tryTimeoutMs }
}

function milliseconds(argument: string, seconds: number | undefined, fallbackSeconds: number): number {
  return 1000 * positive(argument, seconds ?? fallbackSeconds)
}

function positive(argument: string, value: number): number {
  if (typeof value !== 'number' || !Number.isFinite(value) || value <= 0) {
    throw invalid(argument, 'must be a finite number above 0')
  }
  return value
}

function invalid(argument: string, problem: string): WebhookError {
  return new WebhookError('invalid_option', `createReceiver: ${argument} ${problem}`, { argument })
}
