import type { Clock } from '../clock.ts'
import type { Endpoint } from '../model/endpoint.ts'
import type { Logger } from '../model/logger.ts'
import type { MaybePromise } from '../model/verification.ts'
import type { EndpointStore } from '../storage/store.ts'
import { SubscriptionIndex } from './subscription-index.ts'

/** Endpoints as this process knows them: found by id and by event type without asking the store each time. */
export class EndpointCache {
  readonly #store: EndpointStore
  readonly #clock: Clock
  readonly #maxAgeMs: number
  readonly #logger: Logger
  readonly #byId = new Map<string, Endpoint>()
  readonly #index = new SubscriptionIndex()
  /** Endpoints that want to hear of deliveries. */
  readonly #watchers = new Set<string>()
  /** For each reading of the list under way: what this process wrote meanwhile, which the list may not know of. */
  readonly #readings = new Set<Set<string>>()
  #version: string | undefined
  #checkedAtMs = Number.NEGATIVE_INFINITY
  #refreshing: Promise<void> | undefined
  /** Endpoints that the store cannot read, as the log has been told. */
  readonly #unreadable = new Set<string>()

  /** @param maxAgeMs how long a change by another process may go unnoticed. */
  constructor(store: EndpointStore, clock: Clock, maxAgeMs: number, logger: Logger) {
    this.#store = store
    this.#clock = clock
    this.#maxAgeMs = maxAgeMs
    this.#logger = logger
  }

  /**
   * Those that an event goes to: active, or failing and waiting for their probe. `waits` is `false` where asking the
   * store may be in vain, as inside the caller's transaction: it may hold the last connection that there is.
   */
  match(tenant: string | undefined, type: string, waits = true): MaybePromise<readonly Endpoint[]> {
    const refreshing = this.#refresh()
    if (refreshing === undefined || !(waits || this.#version === undefined)) return this.#index.match(tenant, type)
    return refreshing.then(() => this.#index.match(tenant, type))
  }

  get(id: string): MaybePromise<Endpoint | undefined> {
    const refreshing = this.#refresh()
    if (refreshing !== undefined) return refreshing.then(() => this.#byId.get(id) ?? this.#store.get(id))
    return this.#byId.get(id) ?? this.#store.get(id)
  }

  /** As it is in the store now. */
  async reload(id: string): Promise<Endpoint | undefined> {
    const endpoint = await this.#store.get(id)
    if (endpoint === undefined) this.remove(id)
    // What this process wrote since it asked is newer.
    else if ((this.#byId.get(id)?.updatedAtMs ?? 0) < endpoint.updatedAtMs) this.put(endpoint)
    return this.#byId.get(id)
  }

  /** Whether any endpoint subscribes to events about deliveries. */
  get hasWatchers(): boolean {
    return this.#watchers.size > 0
  }

  /** What is known without asking. */
  peek(id: string): Endpoint | undefined {
    return this.#byId.get(id)
  }

  /** Takes over what this process has just written. */
  put(endpoint: Endpoint): void {
    this.#noteWrite(endpoint.id)
    this.#set(endpoint)
  }

  remove(id: string): void {
    this.#noteWrite(id)
    this.#unset(id)
  }

  #noteWrite(id: string): void {
    for (const written of this.#readings) written.add(id)
  }

  #set(endpoint: Endpoint): void {
    this.#unset(endpoint.id)
    this.#byId.set(endpoint.id, endpoint)
    if (endpoint.events.some(isAboutDeliveries)) this.#watchers.add(endpoint.id)
    if (endpoint.status === 'active' || endpoint.disabledReason === 'failing') this.#index.add(endpoint)
  }

  #unset(id: string): void {
    const known = this.#byId.get(id)
    if (known === undefined) return
    this.#index.remove(known)
    this.#byId.delete(id)
    this.#watchers.delete(id)
  }

  #refresh(): Promise<void> | undefined {
    const nowMs = this.#clock.now()
    if (nowMs - this.#checkedAtMs < this.#maxAgeMs && nowMs >= this.#checkedAtMs) return this.#refreshing
    this.#checkedAtMs = nowMs
    this.#refreshing = this.#load().finally(() => {
      this.#refreshing = undefined
    })
    return this.#refreshing
  }

  async #load(): Promise<void> {
    const written = new Set<string>()
    this.#readings.add(written)
    try {
      const version = await this.#store.version()
      if (version === this.#version) return
      const seen = new Set<string>()
      let cursor: string | undefined
      do {
        const page = await this.#store.list({ limit: 250, ...(cursor !== undefined && { cursor }) })
        for (const endpoint of page.items) {
          seen.add(endpoint.id)
          const known = this.#byId.get(endpoint.id)
          if (known?.updatedAtMs !== endpoint.updatedAtMs && !written.has(endpoint.id)) this.#set(endpoint)
        }
        for (const id of page.unreadable ?? []) {
          // What was known of it goes on being used.
          seen.add(id)
          this.#tell(id)
        }
        cursor = page.cursor
      } while (cursor !== undefined)
      for (const id of [...this.#byId.keys()]) if (!seen.has(id) && !written.has(id)) this.#unset(id)
      this.#version = version
    } catch (error) {
      // What is known goes on being used; without anything known, the caller must hear of it.
      this.#checkedAtMs = Number.NEGATIVE_INFINITY
      if (this.#version === undefined) throw error
    } finally {
      this.#readings.delete(written)
    }
  }

  /** Once for each: the keys of a process do not change. */
  #tell(id: string): void {
    if (this.#unreadable.has(id)) return
    this.#unreadable.add(id)
    const reason = 'encrypted with a key that the store does not have, or changed'
    this.#logger.error(`webhook endpoint cannot be read: ${reason}`, { endpointId: id })
  }
}

/** Whether a pattern asks for the sender's own events. */
export function isAboutDeliveries(pattern: string): boolean {
  return pattern.startsWith('webhook.')
}
