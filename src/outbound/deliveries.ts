import type { Clock } from '../clock.ts'
import { WebhookError } from '../errors.ts'
import type { Attempt, Delivery, DeliveryStatus, StoredEvent } from '../model/delivery.ts'
import { type ExportFormat, exportAttempts } from '../storage/exchange-log/index.ts'
import type {
  AttemptFilter,
  AttemptStats,
  AttemptStore,
  DeliveryFilter,
  DeliveryStore,
  Page,
} from '../storage/store.ts'
import type { TenantOption } from './endpoints.ts'

/** Looks after deliveries. Calls by id throw `not_found` for an unknown id or another tenant's. */
export interface Deliveries {
  /** Newest first. */
  list(filter?: DeliveryFilter): Promise<Page<Delivery>>
  get(id: string, options?: TenantOption): Promise<{ readonly delivery: Delivery; readonly event: StoredEvent }>
  /** Sends a delivery that ended once more, with the same id and body and a fresh schedule. */
  retry(id: string, options?: TenantOption): Promise<void>
  /** Ends a delivery that waits. `false` when it had ended already. */
  cancel(id: string, options?: TenantOption): Promise<boolean>
  /** Sends all that match once more. Answers how many. `status` defaults to `failed`. */
  replay(filter: {
    readonly endpointId: string
    readonly since?: Date
    readonly until?: Date
    readonly status?: Exclude<DeliveryStatus, 'pending'>
    readonly tenant?: string
  }): Promise<number>
}

/** The exchange log. */
export interface AttemptLog {
  /** Newest first. */
  list(filter?: AttemptFilter): Promise<Page<Attempt>>
  /** Everything that matches, as text in pieces, newest first. */
  export(filter: AttemptFilter, format: ExportFormat): AsyncIterable<string>
}

/** Figures of an endpoint. */
export interface EndpointStats extends AttemptStats {
  /** Percent of the attempts that succeeded, two decimals; 0 when there was none. */
  readonly successRate: number
}

/** Creates the management of deliveries. */
export function createDeliveries(store: DeliveryStore, clock: Clock, wake: () => void): Deliveries {
  const load = async (id: string, tenant: string | undefined) => {
    const found = await store.get(id, tenant)
    if (found === undefined) throw new WebhookError('not_found', `there is no delivery '${id}'`, { argument: 'id' })
    return found
  }
  return {
    list: (filter = {}) => store.list(filter),
    get: (id, options) => load(id, options?.tenant),
    async retry(id, { tenant } = {}) {
      await load(id, tenant)
      await store.retry({ ids: [id], ...(tenant !== undefined && { tenant }) }, clock.now())
      wake()
    },
    async cancel(id, { tenant } = {}) {
      await load(id, tenant)
      return store.cancel(id, clock.now(), tenant)
    },
    async replay({ endpointId, since, until, status = 'failed', tenant }) {
      const filter: DeliveryFilter = {
        endpointId,
        status,
        ...(since && { sinceMs: since.getTime() }),
        ...(until && { untilMs: until.getTime() }),
        ...(tenant !== undefined && { tenant }),
      }
      const count = await store.retry(filter, clock.now())
      if (count > 0) wake()
      return count
    },
  }
}

/** Creates the view of the exchange log. */
export function createAttemptLog(store: AttemptStore): AttemptLog {
  return {
    list: (filter = {}) => store.list(filter),
    export: (filter, format) => exportAttempts(allAttempts(store, filter), format),
  }
}

async function* allAttempts(store: AttemptStore, filter: AttemptFilter): AsyncGenerator<Attempt> {
  let cursor = filter.cursor
  do {
    const page = await store.list({ ...filter, limit: 250, ...(cursor !== undefined && { cursor }) })
    yield* page.items
    cursor = page.cursor
  } while (cursor !== undefined)
}

/** Figures of an endpoint since a time. */
export async function readStats(store: AttemptStore, endpointId: string, sinceMs: number): Promise<EndpointStats> {
  const stats = await store.stats(endpointId, sinceMs)
  const successRate = stats.total === 0 ? 0 : Math.round((10_000 * stats.succeeded) / stats.total) / 100
  return { ...stats, successRate }
}
