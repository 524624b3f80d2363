import type { Endpoint } from '../../model/endpoint.ts'
import type { EndpointStore, Page } from '../store.ts'
import { pageOf } from './page.ts'

/** Endpoints in this process. */
export class MemoryEndpoints implements EndpointStore {
  readonly #endpoints = new Map<string, Endpoint>()
  #version = 0

  async insert(endpoint: Endpoint): Promise<void> {
    this.#endpoints.set(endpoint.id, endpoint)
    this.#version++
  }

  async get(id: string, tenant?: string): Promise<Endpoint | undefined> {
    const endpoint = this.#endpoints.get(id)
    return endpoint && (tenant === undefined || endpoint.tenant === tenant) ? endpoint : undefined
  }

  async replace(endpoint: Endpoint, expectedUpdatedAtMs: number): Promise<boolean> {
    if (this.#endpoints.get(endpoint.id)?.updatedAtMs !== expectedUpdatedAtMs) return false
    this.#endpoints.set(endpoint.id, endpoint)
    this.#version++
    return true
  }

  async delete(id: string, tenant?: string): Promise<boolean> {
    if ((await this.get(id, tenant)) === undefined) return false
    this.#version++
    return this.#endpoints.delete(id)
  }

  async list(filter: Parameters<EndpointStore['list']>[0]): Promise<Page<Endpoint>> {
    const newest = [...this.#endpoints.values()].reverse()
    const matching = newest.filter(
      endpoint =>
        (filter.tenant === undefined || endpoint.tenant === filter.tenant) &&
        (filter.status === undefined || endpoint.status === filter.status),
    )
    return pageOf(matching, filter, endpoint => endpoint.id)
  }

  async version(): Promise<string> {
    return String(this.#version)
  }
}
