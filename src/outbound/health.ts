import type { Clock } from '../clock.ts'
import type { LifecycleSource } from '../emitter.ts'
import type { Endpoint } from '../model/endpoint.ts'
import type { Logger } from '../model/logger.ts'
import type { Store } from '../storage/store.ts'
import type { EndpointCache } from './endpoint-cache.ts'
import type { SenderLifecycle } from './lifecycle.ts'

/** When an endpoint is disabled. */
export interface DisableRule {
  /** Every attempt must have failed for so long, in milliseconds. */
  readonly afterMs: number
  /** At least so many attempts must have failed in a row, counted by this process. */
  readonly minFailures: number
  /** How long a disabled endpoint rests before one delivery tries it again, in milliseconds. */
  readonly probeEveryMs: number
}

/**
 * Watches over endpoints: disables those that only fail, probes them, and lets them come back. An endpoint's row is
 * not written while its attempts succeed.
 */
export class EndpointHealth {
  readonly #failures = new Map<string, number>()
  readonly #store: Store
  readonly #cache: EndpointCache
  readonly #rule: DisableRule
  readonly #lifecycle: LifecycleSource<SenderLifecycle>
  readonly #clock: Clock
  readonly #logger: Logger

  constructor(
    host: { readonly store: Store; readonly cache: EndpointCache; readonly clock: Clock; readonly logger: Logger },
    rule: DisableRule,
    lifecycle: LifecycleSource<SenderLifecycle>,
  ) {
    this.#store = host.store
    this.#cache = host.cache
    this.#clock = host.clock
    this.#logger = host.logger
    this.#rule = rule
    this.#lifecycle = lifecycle
  }

  /** Whether a success changes anything. */
  isHeldAgainst(endpoint: Endpoint): boolean {
    return endpoint.failingSinceMs !== undefined || endpoint.status === 'disabled' || this.#failures.has(endpoint.id)
  }

  /** An attempt succeeded: whatever was held against the endpoint is forgotten. */
  async succeeded(endpoint: Endpoint): Promise<void> {
    if (this.#failures.size > 0) this.#failures.delete(endpoint.id)
    if (endpoint.failingSinceMs === undefined && endpoint.status === 'active') return
    const recovered = endpoint.status === 'disabled'
    await this.#write(endpoint, {
      status: 'active',
      disabledReason: undefined,
      disabledAtMs: undefined,
      failingSinceMs: undefined,
      probeAtMs: undefined,
    })
    if (!recovered) return
    await this.#store.deliveries.reschedule(endpoint.id, this.#clock.now(), 'sooner')
    this.#lifecycle.emit('endpoint.recovered', { endpointId: endpoint.id, tenant: endpoint.tenant })
  }

  /** An attempt failed for a reason that may pass. */
  async failed(endpoint: Endpoint): Promise<void> {
    const nowMs = this.#clock.now()
    const count = (this.#failures.get(endpoint.id) ?? 0) + 1
    this.#failures.set(endpoint.id, count)
    if (endpoint.status === 'disabled') {
      await this.#rest(endpoint, nowMs)
      return
    }
    const since = endpoint.failingSinceMs
    if (since === undefined) await this.#write(endpoint, { failingSinceMs: nowMs })
    else if (nowMs - since >= this.#rule.afterMs && count >= this.#rule.minFailures)
      await this.disable(endpoint, 'failing')
  }

  /** Disables an endpoint, with one event. */
  async disable(endpoint: Endpoint, reason: 'failing' | 'gone'): Promise<void> {
    const nowMs = this.#clock.now()
    const probeAtMs = reason === 'failing' ? nowMs + this.#rule.probeEveryMs : undefined
    const written = await this.#write(endpoint, {
      status: 'disabled',
      disabledReason: reason,
      disabledAtMs: nowMs,
      probeAtMs,
    })
    if (!written) return
    // What waits for one that is gone ends now, delivery by delivery, so that it can be seen and sent again.
    if (probeAtMs === undefined) await this.#store.deliveries.reschedule(endpoint.id, nowMs, 'sooner')
    else await this.#store.deliveries.reschedule(endpoint.id, probeAtMs, 'later')
    this.#logger.warn('webhook endpoint disabled', { endpointId: endpoint.id, reason })
    this.#lifecycle.emit('endpoint.disabled', { endpointId: endpoint.id, tenant: endpoint.tenant, reason })
  }

  /** The probe failed. */
  async #rest(endpoint: Endpoint, nowMs: number): Promise<void> {
    const probeAtMs = nowMs + this.#rule.probeEveryMs
    await this.#write(endpoint, { probeAtMs })
    await this.#store.deliveries.reschedule(endpoint.id, probeAtMs, 'later')
  }

  /** Another process may have changed the endpoint meanwhile; then its word counts. */
  async #write(endpoint: Endpoint, change: Partial<Endpoint>): Promise<boolean> {
    const after: Endpoint = {
      ...endpoint,
      ...change,
      updatedAtMs: Math.max(this.#clock.now(), endpoint.updatedAtMs + 1),
    }
    try {
      if (!(await this.#store.endpoints.replace(after, endpoint.updatedAtMs))) return false
      this.#cache.put(after)
      return true
    } catch (error) {
      this.#logger.error('webhook store did not answer: the health of an endpoint was not written', {
        endpointId: endpoint.id,
        error,
      })
      return false
    }
  }
}
