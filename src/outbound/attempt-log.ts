import type { Attempt } from '../model/delivery.ts'
import type { FieldTable } from '../model/known-fields.ts'
import { checkOptions } from '../model/known-fields.ts'
import { type ExportFormat, exportAttempts } from '../storage/exchange-log/index.ts'
import type { AttemptFilter, AttemptStats, AttemptStore, Page } from '../storage/store.ts'

/** The exchange log. */
export interface AttemptLog {
  /**
   * Newest first.
   *
   * @throws {WebhookError} `invalid_option` for a filter that is not known.
   */
  list(filter?: AttemptFilter): Promise<Page<Attempt>>
  /**
   * Everything that matches, as text in pieces, newest first.
   *
   * @throws {WebhookError} `invalid_option` for a filter or a format that is not known.
   */
  export(filter: AttemptFilter, format: ExportFormat): AsyncIterable<string>
}

const FILTERS: FieldTable<AttemptFilter> = {
  tenant: true,
  endpointId: true,
  deliveryId: true,
  eventType: true,
  subject: true,
  outcome: true,
  status: true,
  direction: true,
  sinceMs: true,
  untilMs: true,
  text: true,
  limit: true,
  cursor: true,
}

/** Figures of an endpoint. */
export interface EndpointStats extends AttemptStats {
  /** Percent of the attempts that succeeded, two decimals; 0 when there was none. */
  readonly successRate: number
}

/** Creates the view of the exchange log. */
export function createAttemptLog(store: AttemptStore): AttemptLog {
  return {
    async list(filter = {}) {
      checkOptions(filter, Object.keys(FILTERS), 'attempts.list')
      return store.list(filter)
    },
    export(filter, format) {
      checkOptions(filter, Object.keys(FILTERS), 'attempts.export')
      return exportAttempts(allAttempts(store, filter), format)
    },
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
