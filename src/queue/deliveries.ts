import type { Clock } from '../clock.ts'
import { WebhookError } from '../errors.ts'
import { dateMs } from '../model/date.ts'
import type { Delivery, DeliveryStatus, StoredEvent } from '../model/delivery.ts'
import type { FieldTable } from '../model/known-fields.ts'
import { checkOptions } from '../model/known-fields.ts'
import type {
  DeliveryFilter,
  DeliveryStore,
  FailureFilter,
  FailureGroup,
  FailureKey,
  Page,
  TenantOption,
} from '../storage/store.ts'
import { tenantOf } from '../storage/tenant-option.ts'

/** Which deliveries `replay` takes. All that is given must hold. */
export interface ReplayFilter extends TenantOption {
  readonly endpointId: string
  /** Created at or after. */
  readonly since?: Date
  /** Created before. */
  readonly until?: Date
  /** Default `failed`. */
  readonly status?: Exclude<DeliveryStatus, 'pending'>
}

/**
 * Looks after deliveries. Calls by id throw `not_found` for an unknown id or another tenant's, and all throw
 * `invalid_option` for what is not known in their options, filter or group.
 */
export interface Deliveries {
  /** Newest first. */
  list(filter?: DeliveryFilter): Promise<Page<Delivery>>
  get(id: string, options?: TenantOption): Promise<{ readonly delivery: Delivery; readonly event: StoredEvent }>
  /**
   * Sends a delivery that ended once more, with the same id and body and a fresh schedule. One that waits is left to.
   *
   * @throws {WebhookError} `conflict` when the event's data was pruned: there is nothing to send any more.
   */
  retry(id: string, options?: TenantOption): Promise<void>
  /** Ends a delivery that waits. `false` when it had ended already. */
  cancel(id: string, options?: TenantOption): Promise<boolean>
  /** Sends all that match once more. Answers how many. */
  replay(filter: ReplayFilter): Promise<number>
  /**
   * The dead letters: deliveries that failed for good, counted by endpoint and cause, the largest groups first; at most
   * `limit` groups (default 100).
   *
   * @example
   * for (const group of await sender.deliveries.failures()) {
   *   if (group.cause === 'endpoint_deleted') await sender.deliveries.discardFailures(group)
   *   else if (group.cause === 'http_503') await sender.deliveries.retryFailures(group)
   * }
   */
  failures(filter?: FailureFilter): Promise<readonly FailureGroup[]>
  /**
   * Sends all dead letters of a group once more, those included that came to it meanwhile. Answers how many; those
   * whose data was pruned stay.
   */
  retryFailures(group: FailureKey): Promise<number>
  /**
   * Puts all dead letters of a group away as `cancelled`, those included that came to it meanwhile: they are still
   * listed, and are sent only when somebody retries one by its id. Answers how many.
   */
  discardFailures(group: FailureKey): Promise<number>
}

/** What the management of deliveries is made of. */
export interface DeliveriesOptions {
  readonly store: DeliveryStore
  readonly clock: Clock
  /** Something is due. */
  readonly wake: () => void
  /** One was cancelled, which a worker here may hold. */
  readonly onCancelled?: (id: string) => void
  /** All others are treated as if they were not there. Default: there are none. */
  readonly only?: { readonly direction: Delivery['direction']; readonly endpointId: string }
}

const FILTERS: FieldTable<DeliveryFilter> = {
  tenant: true,
  endpointId: true,
  eventId: true,
  eventType: true,
  subject: true,
  status: true,
  cause: true,
  direction: true,
  sinceMs: true,
  untilMs: true,
  limit: true,
  cursor: true,
}
const REPLAY_FILTERS: FieldTable<ReplayFilter> = {
  endpointId: true,
  since: true,
  until: true,
  status: true,
  tenant: true,
}
const GROUP_KEYS: FieldTable<FailureKey> = { endpointId: true, cause: true, tenant: true, direction: true }
const GROUP_FILTERS: FieldTable<FailureFilter> = { ...GROUP_KEYS, limit: true }
/** A group is handed on as it was answered, with its figures. */
const GROUP_FIELDS: FieldTable<FailureGroup> = {
  ...GROUP_KEYS,
  count: true,
  oldestAtMs: true,
  newestAtMs: true,
  sample: true,
}

/** Creates the management of deliveries. */
export function createDeliveries({ store, clock, wake, onCancelled, only }: DeliveriesOptions): Deliveries {
  const load = async (id: string, tenant: string | undefined) => {
    const found = await store.get(id, tenant)
    if (found === undefined || !isWithin(found.delivery, only)) {
      throw new WebhookError('not_found', `there is no delivery '${id}'`, { argument: 'id' })
    }
    return found
  }
  const retryAll = async (filter: DeliveryFilter): Promise<number> => {
    if (!isWithin(filter, only)) return 0
    const count = await store.retry({ ...filter, ...only }, clock.now())
    if (count > 0) wake()
    return count
  }
  return {
    async list(filter = {}) {
      checkOptions(filter, Object.keys(FILTERS), 'deliveries.list')
      return isWithin(filter, only) ? store.list({ ...filter, ...only }) : { items: [] }
    },
    get: async (id, options) => load(id, tenantOf('deliveries.get', options)),
    async retry(id, options) {
      const tenant = tenantOf('deliveries.retry', options)
      await load(id, tenant)
      const count = await store.retry({ ids: [id], ...(tenant !== undefined && { tenant }) }, clock.now())
      // It waits, or somebody else has retried it: then it goes on by itself.
      if (count === 0 && (await load(id, tenant)).delivery.status !== 'pending') throw pruned(id)
      wake()
    },
    async cancel(id, options) {
      const tenant = tenantOf('deliveries.cancel', options)
      await load(id, tenant)
      const isCancelled = await store.cancel(id, clock.now(), tenant)
      if (isCancelled) {
        onCancelled?.(id)
        // One that waited behind it may go now.
        wake()
      }
      return isCancelled
    },
    replay: async filter => retryAll(readReplay(filter)),
    async failures(filter = {}) {
      checkOptions(filter, Object.keys(GROUP_FILTERS), 'deliveries.failures')
      const { limit } = filter
      if (limit !== undefined && !Number.isInteger(limit)) throw invalid('failures', 'limit', 'must be a whole number')
      return isWithin(filter, only) ? store.failures({ ...filter, ...only }) : []
    },
    retryFailures: async group => retryAll({ ...keyOf(group), status: 'failed' }),
    async discardFailures(group) {
      const key = keyOf(group)
      return isWithin(key, only) ? store.discard({ ...key, ...only }, clock.now()) : 0
    },
  }
}

function pruned(id: string): WebhookError {
  return new WebhookError('conflict', `the delivery '${id}' cannot be sent again: the data of its event was pruned`, {
    argument: 'id',
  })
}

type Place = Partial<Pick<Delivery, 'direction' | 'endpointId'>>

/** Whether a filter, or a delivery, may name something of what is looked after. */
function isWithin({ direction, endpointId }: Place, only: DeliveriesOptions['only']): boolean {
  if (only === undefined) return true
  return (direction ?? only.direction) === only.direction && (endpointId ?? only.endpointId) === only.endpointId
}

/** What `replay` takes, as a store has it. */
function readReplay(filter: ReplayFilter): DeliveryFilter {
  checkOptions(filter, Object.keys(REPLAY_FILTERS), 'deliveries.replay')
  const { endpointId, since, until, status = 'failed', tenant } = filter
  if (typeof endpointId !== 'string') throw invalid('replay', 'endpointId', 'must be the id of an endpoint')
  return {
    endpointId,
    status,
    ...(since !== undefined && { sinceMs: readDate('since', since) }),
    ...(until !== undefined && { untilMs: readDate('until', until) }),
    ...(tenant !== undefined && { tenant }),
  }
}

function readDate(argument: string, date: Date): number {
  const ms = dateMs(date)
  if (Number.isNaN(ms)) throw invalid('replay', argument, 'must be a valid Date')
  return ms
}

function invalid(where: string, argument: string, problem: string): WebhookError {
  return new WebhookError('invalid_option', `deliveries.${where}: ${argument} ${problem}`, { argument })
}

/** What names a group, without its figures. An empty key would name everything. */
function keyOf(group: FailureKey): FailureKey {
  checkOptions(group, Object.keys(GROUP_FIELDS), 'a group of failures')
  const { endpointId, cause, tenant, direction } = group
  if (typeof endpointId !== 'string' || typeof cause !== 'string') {
    throw new WebhookError('invalid_option', 'a group of failures is named by its endpointId and its cause', {
      argument: endpointId === undefined ? 'endpointId' : 'cause',
    })
  }
  return {
    endpointId,
    cause,
    ...(tenant !== undefined && { tenant }),
    ...(direction !== undefined && { direction }),
  }
}
