import { WebhookError } from '../../errors.ts'
import type { Endpoint } from '../../model/endpoint.ts'
import type { EndpointStore, Page } from '../store.ts'
import { fillPage, readCursor } from './page.ts'

interface Entry {
  readonly endpoint: Endpoint
  /** Counts up: the order of creation. */
  readonly sequence: number
}

/** Endpoints in this process. */
export class MemoryEndpoints implements EndpointStore {
  readonly #entries = new Map<string, Entry>()
  #sequence = 0
  #version = 0

  async insert(endpoint: Endpoint): Promise<void> {
    if (this.#entries.has(endpoint.id)) {
      throw new WebhookError('conflict', 'endpoints.insert: there is an endpoint with this id', {
        argument: 'endpoint.id',
      })
    }
    this.#entries.set(endpoint.id, { endpoint, sequence: this.#sequence++ })
    this.#version++
  }

  async get(id: string, tenant?: string): Promise<Endpoint | undefined> {
    const endpoint = this.#entries.get(id)?.endpoint
    return endpoint && (tenant === undefined || endpoint.tenant === tenant) ? endpoint : undefined
  }

  async replace(endpoint: Endpoint, expectedUpdatedAtMs: number): Promise<boolean> {
    const entry = this.#entries.get(endpoint.id)
    if (entry?.endpoint.updatedAtMs !== expectedUpdatedAtMs || entry.endpoint.tenant !== endpoint.tenant) return false
    this.#entries.set(endpoint.id, { ...entry, endpoint })
    this.#version++
    return true
  }

  async delete(id: string, tenant?: string): Promise<boolean> {
    if ((await this.get(id, tenant)) === undefined) return false
    this.#version++
    return this.#entries.delete(id)
  }

  async list(filter: Parameters<EndpointStore['list']>[0]): Promise<Page<Endpoint>> {
    const before = readCursor(filter.cursor)
    const newest = [...this.#entries.values()].reverse()
    const matching = newest.filter(
      ({ endpoint, sequence }) =>
        sequence < before &&
        (filter.tenant === undefined || endpoint.tenant === filter.tenant) &&
        (filter.status === undefined || endpoint.status === filter.status),
    )
    return fillPage(
      matching,
      filter,
      ({ sequence }) => String(sequence),
      ({ endpoint }) => endpoint,
    )
  }

  async version(): Promise<string> {
    return String(this.#version)
  }
}
