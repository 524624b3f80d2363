import type { Clock } from '../clock.ts'
import { WebhookError } from '../errors.ts'
import type { NewId } from '../ids.ts'
import { dateMs } from '../model/date.ts'
import type { Deadlines } from '../model/deadlines.ts'
import { type Delivery, deliveryId, type StoredEvent } from '../model/delivery.ts'
import type { Endpoint } from '../model/endpoint.ts'
import type { FieldTable } from '../model/known-fields.ts'
import { checkOptions } from '../model/known-fields.ts'
import { isThenable } from '../model/maybe-promise.ts'
import type { Worker } from '../queue/worker.ts'
import type { ClaimedDelivery, EnqueueResult, NewDelivery, Store } from '../storage/store.ts'
import { checkData, checkType, type EventCatalogue, invalidEvent } from './catalogue.ts'
import { type EndpointCache, isAboutDeliveries } from './endpoint-cache.ts'
import { restUntil } from './resting.ts'

/** What `publish` may be told beside type and data. */
export interface PublishOptions {
  /** Makes it once only: a second publish with the same key, by the same tenant, does nothing. */
  readonly idempotencyKey?: string
  /** What the event is about: a case, a record. Orders deliveries and finds them again. */
  readonly subject?: string
  /** Only this tenant's endpoints get it. */
  readonly tenant?: string
  readonly metadata?: Readonly<Record<string, string>>
  /** When it happened. Default: now. */
  readonly time?: Date
  /** Your own transaction, in the store's terms: the event is committed or rolled back with your data. */
  readonly transaction?: unknown
}

const OPTIONS: Readonly<Record<string, true>> = {
  idempotencyKey: true,
  subject: true,
  tenant: true,
  metadata: true,
  time: true,
  transaction: true,
} satisfies FieldTable<PublishOptions>

/** What became of a published event. */
export interface Published {
  readonly eventId: string
  /** How many endpoints it goes to. */
  readonly deliveries: number
  /** The idempotency key was used before; `eventId` is the event of that time. */
  readonly duplicate: boolean
}

/** Where the time and the id of an event come from. */
export interface EventSources {
  readonly clock: Clock
  readonly newId: NewId
}

/** What publishing needs. */
export interface PublishHost extends EventSources {
  readonly store: Store
  readonly cache: EndpointCache
  readonly worker: Worker
  readonly catalogue: EventCatalogue | undefined
  readonly maxDataBytes: number
}

/**
 * `publishEvent` for callers who cannot wait for ever. A store that answers late is heard all the same: what it stored
 * is sent.
 */
export function publishInTime(
  type: string,
  data: unknown,
  options: PublishOptions,
  host: PublishHost,
  deadlines: Deadlines,
): Promise<Published> {
  return new Promise((resolve, reject) => {
    const progress = { asked: false }
    const deadline = deadlines.begin(() => reject(tooLate(progress.asked)))
    publishEvent(type, data, options, host, progress).then(
      published => {
        deadlines.end(deadline)
        resolve(published)
      },
      (error: unknown) => {
        deadlines.end(deadline)
        reject(error)
      },
    )
  })
}

function tooLate(asked: boolean): WebhookError {
  return asked
    ? new WebhookError('store_outcome_unknown', 'the store did not answer in time: the event may have been stored')
    : new WebhookError('store_unavailable', 'the store did not answer in time: the event was not stored')
}

/** Writes an event and a delivery for each endpoint that wants it, all or nothing, and starts what can start at once. */
export async function publishEvent(
  type: string,
  data: unknown,
  options: PublishOptions,
  host: PublishHost,
  progress = { asked: false },
): Promise<Published> {
  checkNames(options)
  const { cache, catalogue, store, worker } = host
  const event = createEvent(
    checkType(type, catalogue),
    checkData(type, data, catalogue, host.maxDataBytes),
    options,
    host,
  )
  const { idempotencyKey, transaction } = options
  const matching = cache.match(event.tenant, event.type, transaction === undefined)
  // A transaction that ends without waiting is refused every time, not only when endpoints must be looked up.
  const endpoints = isThenable(matching) || transaction !== undefined ? await matching : matching
  const nowMs = host.clock.now()
  // Inside somebody else's transaction nothing may be sent before it commits.
  const handOff = transaction === undefined ? worker : undefined
  const deliveries: NewDelivery[] = []
  for (const endpoint of endpoints) {
    if (wants(endpoint, event, data)) deliveries.push(newDelivery(endpoint, event, nowMs, handOff))
  }
  progress.asked = true
  let stored: EnqueueResult | undefined
  try {
    const given = idempotencyKey === undefined ? { event, deliveries } : { event, deliveries, idempotencyKey }
    const answer = await store.deliveries.enqueue([given], transaction === undefined ? NO_TRANSACTION : { transaction })
    stored = answer[0]
  } catch (error) {
    giveUp(deliveries, worker)
    throw error
  }
  if (stored?.stored === false) {
    giveUp(deliveries, worker)
    return { eventId: stored.existingEventId, deliveries: 0, duplicate: true }
  }
  if (handOff !== undefined) begin(event, deliveries, nowMs, handOff)
  return { eventId: event.id, deliveries: deliveries.length, duplicate: false }
}

/** Asked for every event: cheap where all names are known. */
function checkNames(options: PublishOptions): void {
  let known = typeof options === 'object' && options !== null
  if (known) for (const name in options) known &&= OPTIONS[name] === true
  if (!known) checkOptions(options, Object.keys(OPTIONS), 'publish')
}

const NO_TRANSACTION = Object.freeze({})

/** Hands the worker what it has taken places for, and wakes it for the rest. */
function begin(event: StoredEvent, deliveries: readonly NewDelivery[], nowMs: number, worker: Worker): void {
  const claimed: ClaimedDelivery[] = []
  const others: string[] = []
  let leaseUntilMs = 0
  deliveries.forEach((delivery, ordinal) => {
    if (delivery.claim === undefined) {
      others.push(delivery.lane)
      return
    }
    // All tickets were drawn at once: the first one's lease is the shortest.
    if (claimed.length === 0) leaseUntilMs = delivery.claim.leaseUntilMs
    claimed.push(toClaimed(event, delivery, delivery.claim.token, ordinal, nowMs))
  })
  if (claimed.length > 0) worker.run(claimed, leaseUntilMs)
  if (others.length > 0) worker.wake(others)
}

/** It was not stored: the places are free again. */
function giveUp(deliveries: readonly NewDelivery[], worker: Worker): void {
  for (const { lane, claim } of deliveries) if (claim !== undefined) worker.unreserve(lane)
}

const NAMES = ['idempotencyKey', 'subject', 'tenant'] as const
const NO_METADATA = Object.freeze({})

/** @throws {WebhookError} `invalid_event`. */
export function createEvent(
  type: string,
  data: string,
  options: PublishOptions,
  { clock, newId }: EventSources,
): StoredEvent {
  for (const field of NAMES) {
    const value = options[field]
    if (value !== undefined && (typeof value !== 'string' || value === '' || value.length > 255)) {
      throw invalidEvent(field, 'must be text of 1 to 255 characters')
    }
  }
  const timestampMs = options.time === undefined ? clock.now() : dateMs(options.time)
  if (!Number.isFinite(timestampMs)) throw invalidEvent('time', 'must be a valid Date')
  const { subject, tenant, metadata = NO_METADATA } = options
  return { id: newId('evt'), tenant, type, timestampMs, subject, data, metadata }
}

/** Types about deliveries go only to those who ask for them by name: `*` does not. */
function wants(endpoint: Endpoint, { type }: StoredEvent, data: unknown): boolean {
  if (isAboutDeliveries(type) && !endpoint.events.some(isAboutDeliveries)) return false
  return endpoint.when === undefined || endpoint.when.changed.some(field => tellsOfChange(data, field))
}

/** Record changes name their changed fields in `changes`, as an object or a list. */
function tellsOfChange(data: unknown, field: string): boolean {
  if (typeof data !== 'object' || data === null || !('changes' in data)) return false
  const { changes } = data
  if (Array.isArray(changes)) return changes.includes(field)
  return typeof changes === 'object' && changes !== null && Object.hasOwn(changes, field)
}

function newDelivery(endpoint: Endpoint, event: StoredEvent, nowMs: number, worker: Worker | undefined): NewDelivery {
  const ordered = endpoint.ordering === 'subject' && event.subject !== undefined
  const lane = endpoint.id
  const resting = endpoint.status === 'disabled'
  const claim = ordered || resting || endpoint.rateLimit !== undefined ? undefined : worker?.reserve(lane)
  const dueAtMs = resting ? restUntil(endpoint, nowMs, nowMs) : nowMs
  const delivery = { direction: 'outbound', endpointId: endpoint.id, lane, ordered, dueAtMs, isTest: false } as const
  return claim === undefined ? delivery : { ...delivery, claim }
}

/** A stored delivery as the worker takes it, without reading it back. */
function toClaimed(
  event: StoredEvent,
  { endpointId, lane, dueAtMs }: NewDelivery,
  token: string,
  ordinal: number,
  nowMs: number,
): ClaimedDelivery {
  const delivery: Delivery = {
    id: deliveryId(event.id, ordinal),
    direction: 'outbound',
    eventId: event.id,
    eventType: event.type,
    tenant: event.tenant,
    subject: event.subject,
    endpointId,
    lane,
    status: 'pending',
    dueAtMs,
    attempts: 0,
    triesUsed: 0,
    crashes: 0,
    body: undefined,
    lastError: undefined,
    cause: undefined,
    externalId: undefined,
    isTest: false,
    createdAtMs: nowMs,
    finishedAtMs: undefined,
  }
  return { delivery, event, token, ordered: false }
}
