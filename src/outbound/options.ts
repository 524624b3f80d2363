import { type Clock, systemClock } from '../clock.ts'
import { type NewId, newId, randomFraction } from '../ids.ts'
import { harmlessLogger, type Logger } from '../model/logger.ts'
import type { Preset } from '../presets/preset.ts'
import { memoryStore } from '../storage/memory.ts'
import type { Store } from '../storage/store.ts'
import type { AddressGuard } from '../transports/address-guard.ts'
import type { Transport } from '../transports/transport.ts'
import type { EventCatalogue } from './catalogue.ts'
import { checkSenderOptions, invalid } from './check-options.ts'
import type { LogDetail } from './record.ts'
import { SIGNING_SCHEMES, type SigningScheme } from './signing.ts'

/** Options of `createSender`. */
export interface SenderOptions<Catalogue extends EventCatalogue> {
  /** How requests are made: `nodeTransport({ guard })` on servers. */
  readonly transport: Transport
  /** Where endpoints may lead. Checked when an endpoint is saved; hand the same one to the transport. */
  readonly guard: AddressGuard
  /** Default: this process's memory, which keeps nothing (`memoryStore()`); a log line says so. */
  readonly store?: Store
  /** The events that are published, with zod schemas of their data: `publish` is typed, and refuses what does not fit. */
  readonly events?: Catalogue
  /** Presets that endpoints can name. */
  readonly presets?: readonly Preset[]
  /** More signature schemes that endpoints can name. */
  readonly signatures?: Readonly<Record<string, SigningScheme>>
  /** Default `crm-webhooks`. */
  readonly userAgent?: string
  /** Largest data of an event, in characters of JSON. Default 262,144. */
  readonly maxDataBytes?: number
  readonly worker?: {
    /** Attempts at once that count; one that takes longer than `slowAfterMilliseconds` no longer does. Default 50. */
    readonly slots?: number
    /**
     * Attempts at once, slow ones and those that are not written yet included: as many as are made twice, at most, when
     * the process dies. Default 1,000.
     */
    readonly maxOpen?: number
    /** Default 250. */
    readonly slowAfterMilliseconds?: number
    /** How long a worker that died keeps its deliveries. Default 60. */
    readonly leaseSeconds?: number
    /** How often the store is asked when nothing wakes the worker. Default 1. */
    readonly pollSeconds?: number
    /** How long an outcome waits to be written with others. Default 0: what ends in the same turn goes together. */
    readonly settleAfterMilliseconds?: number
  }
  /** An endpoint is disabled when every attempt failed for `afterSeconds` (default 5 days), at least `minFailures` (10) of them. */
  readonly disable?: {
    readonly afterSeconds?: number
    readonly minFailures?: number
    /** How long a disabled endpoint rests before one delivery tries it again. Default 3,600. */
    readonly probeEverySeconds?: number
  }
  /**
   * How long `publish` waits for the store, in seconds. Default 15. Then it rejects: with `store_unavailable` when
   * nothing was stored, with `store_outcome_unknown` when the store was asked and has not said.
   */
  readonly storeTimeoutSeconds?: number
  /**
   * How much the exchange log keeps of an attempt that succeeds: `full`, or `brief`, without headers and bodies, which
   * takes a third of the room and a fifth less work. What failed, and tests, are kept in full. Default `full`.
   */
  readonly logSuccesses?: LogDetail
  /** How long a change of an endpoint by another process may go unnoticed. Default 5. */
  readonly endpointRefreshSeconds?: number
  readonly logger?: Logger
  readonly clock?: Clock
  /** A number from 0 up to, but not including, 1: spreads retries. Default: strong randomness. */
  readonly random?: () => number
  /** Makes the ids of events, endpoints, attempts and leases. Default: the time and 96 random bits. For tests that repeat a history. */
  readonly newId?: NewId
}

/** Options with every default filled in. */
export interface SenderSettings {
  readonly transport: Transport
  readonly guard: AddressGuard
  readonly store: Store
  readonly catalogue: EventCatalogue | undefined
  readonly presets: ReadonlyMap<string, Preset>
  readonly schemes: Readonly<Record<string, SigningScheme>>
  readonly userAgent: string
  readonly maxDataBytes: number
  readonly slots: number
  readonly maxOpen: number
  readonly maxHeld: number
  readonly slowAfterMs: number
  readonly leaseMs: number
  readonly pollMs: number
  readonly settleAfterMs: number
  readonly disableRule: { readonly afterMs: number; readonly minFailures: number; readonly probeEveryMs: number }
  readonly storeTimeoutMs: number
  readonly endpointRefreshMs: number
  readonly logSuccesses: LogDetail
  readonly logger: Logger
  readonly clock: Clock
  readonly random: () => number
  readonly newId: NewId
}

/** What a worker holds is in memory with the data of its events: about so many characters at most. */
const MAX_HELD_CHARACTERS = 256 * 1_048_576

/** @throws {WebhookError} `invalid_option`, naming the option. */
export function readOptions<Catalogue extends EventCatalogue>(options: SenderOptions<Catalogue>): SenderSettings {
  checkSenderOptions(options)
  const { worker = {}, disable = {}, clock = systemClock, logSuccesses = 'full' } = options
  const logger = harmlessLogger(options.logger)
  if (logSuccesses !== 'full' && logSuccesses !== 'brief') throw invalid('logSuccesses', "must be 'full' or 'brief'")
  if (options.store === undefined) logger.warn('webhook deliveries are kept in memory only: they end with this process')
  const maxDataBytes = positive('maxDataBytes', options.maxDataBytes ?? 262_144)
  const slots = whole('worker.slots', worker.slots ?? 50)
  return {
    transport: options.transport,
    guard: options.guard,
    store: options.store ?? memoryStore({ clock }),
    catalogue: options.events,
    presets: new Map((options.presets ?? []).map(preset => [preset.name, preset])),
    schemes: { ...SIGNING_SCHEMES, ...options.signatures },
    userAgent: headerText('userAgent', options.userAgent ?? 'crm-webhooks'),
    maxDataBytes,
    slots,
    maxHeld: Math.max(slots, Math.floor(MAX_HELD_CHARACTERS / maxDataBytes)),
    maxOpen: whole('worker.maxOpen', worker.maxOpen ?? 1_000),
    slowAfterMs: positive('worker.slowAfterMilliseconds', worker.slowAfterMilliseconds ?? 250),
    leaseMs: 1000 * positive('worker.leaseSeconds', worker.leaseSeconds ?? 60),
    pollMs: 1000 * positive('worker.pollSeconds', worker.pollSeconds ?? 1),
    settleAfterMs: fromZero('worker.settleAfterMilliseconds', worker.settleAfterMilliseconds ?? 0),
    disableRule: {
      afterMs: 1000 * positive('disable.afterSeconds', disable.afterSeconds ?? 432_000),
      minFailures: whole('disable.minFailures', disable.minFailures ?? 10),
      probeEveryMs: 1000 * positive('disable.probeEverySeconds', disable.probeEverySeconds ?? 3_600),
    },
    storeTimeoutMs: 1000 * positive('storeTimeoutSeconds', options.storeTimeoutSeconds ?? 15),
    endpointRefreshMs: 1000 * positive('endpointRefreshSeconds', options.endpointRefreshSeconds ?? 5),
    logSuccesses,
    logger,
    clock,
    random: options.random ?? randomFraction,
    newId: options.newId ?? newId,
  }
}

function headerText(argument: string, value: string): string {
  if (typeof value !== 'string' || !/^[\x21-\x7e](?:[\x20-\x7e]{0,254}[\x21-\x7e])?$/.test(value))
    throw invalid(argument, 'must be 1 to 256 visible ASCII characters')
  return value
}

function positive(argument: string, value: number): number {
  if (typeof value !== 'number' || !Number.isFinite(value) || value <= 0)
    throw invalid(argument, 'must be a finite number above 0')
  return value
}

function whole(argument: string, value: number): number {
  if (!Number.isInteger(value)) throw invalid(argument, 'must be a whole number above 0')
  return positive(argument, value)
}

function fromZero(argument: string, value: number): number {
  return value === 0 ? 0 : positive(argument, value)
}
