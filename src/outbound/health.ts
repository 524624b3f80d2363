import type { Clock } from '../clock.ts'
import type { LifecycleSource } from '../emitter.ts'
import type { Endpoint } from '../model/endpoint.ts'
import type { Logger } from '../model/logger.ts'
import type { Store } from '../storage/store.ts'
import type { EndpointCache } from './endpoint-cache.ts'
import type { SenderLifecycle } from './lifecycle.ts'
import { PARK_MS, putOff } from './resting.ts'

/** When an endpoint is disabled. */
export interface DisableRule {
  /** Every attempt must have failed for so long, in milliseconds. */
  readonly afterMs: number
  /** At least so many attempts must have failed in a row. */
  readonly minFailures: number
  /** How long a disabled endpoint rests before one delivery tries it again, in milliseconds. */
  readonly probeEveryMs: number
}

/** What waits for a disabled endpoint is not put off more often. */
const PARK_AGAIN_MS = 60_000
/** Endpoints of which something is remembered. */
const MAX_REMEMBERED = 10_000

/**
 * Watches over endpoints: disables those that only fail, probes them, and lets them come back. An endpoint's row is
 * not written while its attempts succeed.
 */
export class EndpointHealth {
  readonly #failures = new Map<string, number>()
  readonly #parkedAtMs = new Map<string, number>()
  readonly #probed = new Set<string>()
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
    const { failingSinceMs, status } = this.#current(endpoint)
    return failingSinceMs !== undefined || status === 'disabled' || this.#failures.has(endpoint.id)
  }

  /** Whether a failing endpoint may be tried now: not while another delivery tries it, which says when it has ended. */
  beginProbe(endpointId: string): boolean {
    if (this.#probed.has(endpointId)) return false
    this.#probed.add(endpointId)
    return true
  }

  endProbe(endpointId: string): void {
    this.#probed.delete(endpointId)
  }

  /** An attempt succeeded: whatever was held against the endpoint is forgotten. */
  async succeeded(endpoint: Endpoint): Promise<void> {
    if (this.#failures.size > 0) this.#failures.delete(endpoint.id)
    const current = this.#current(endpoint)
    if (current.failingSinceMs === undefined && current.status === 'active') return
    const recovered = current.status === 'disabled'
    const written = await this.#write(current, {
      status: 'active',
      disabledReason: undefined,
      disabledAtMs: undefined,
      failingSinceMs: undefined,
      probeAtMs: undefined,
    })
    if (!recovered || !written) return
    await this.#reschedule(endpoint.id, this.#clock.now(), 'sooner')
    this.#lifecycle.emit('endpoint.recovered', { endpointId: endpoint.id, tenant: endpoint.tenant })
  }

  /** An attempt failed for a reason that may pass. */
  async failed(endpoint: Endpoint): Promise<void> {
    const nowMs = this.#clock.now()
    const since = endpoint.failingSinceMs
    // What was counted before belongs to a run of failures that has ended.
    if (since === undefined) this.#failures.delete(endpoint.id)
    const count = this.#count(endpoint.id)
    if (endpoint.status === 'disabled') await this.#rest(endpoint, nowMs)
    else if (since === undefined) {
      await this.#write(endpoint, { failingSinceMs: nowMs })
      // One that succeeded meanwhile could not know of it.
      if (!this.#failures.has(endpoint.id)) await this.succeeded(endpoint)
    } else if (nowMs - since >= this.#rule.afterMs && (await this.#hasFailedOften(endpoint.id, count, since)))
      await this.disable(endpoint, 'failing')
  }

  /** What waits for an endpoint that somebody disabled is not looked at for a while, or until it is enabled. */
  async park({ id }: Endpoint): Promise<void> {
    const nowMs = this.#clock.now()
    if (nowMs - (this.#parkedAtMs.get(id) ?? Number.NEGATIVE_INFINITY) < PARK_AGAIN_MS) return
    if (this.#parkedAtMs.size >= MAX_REMEMBERED) this.#parkedAtMs.clear()
    this.#parkedAtMs.set(id, nowMs)
    await this.#reschedule(id, nowMs + PARK_MS, 'later')
  }

  /** As it is known by now, where it is active: another attempt may have failed since this one began. */
  #current(endpoint: Endpoint): Endpoint {
    const known = this.#cache.peek(endpoint.id)
    return known?.status === 'active' ? known : endpoint
  }

  #count(id: string): number {
    const count = (this.#failures.get(id) ?? 0) + 1
    if (count === 1 && this.#failures.size >= MAX_REMEMBERED) this.#failures.clear()
    this.#failures.set(id, count)
    return count
  }

  /** Short-lived processes, and several of them, each see a part only: the log has it all. */
  async #hasFailedOften(id: string, count: number, sinceMs: number): Promise<boolean> {
    if (count >= this.#rule.minFailures) return true
    try {
      const { failed } = await this.#store.attempts.stats(id, sinceMs)
      return failed + 1 >= this.#rule.minFailures
    } catch (error) {
      this.#logger.error('webhook store did not answer: how often an endpoint failed is not known', {
        endpointId: id,
        error,
      })
      return false
    }
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
    if (probeAtMs === undefined) await this.#reschedule(endpoint.id, nowMs, 'sooner')
    else await this.#reschedule(endpoint.id, probeAtMs, 'later')
    this.#logger.warn('webhook endpoint disabled', { endpointId: endpoint.id, reason })
    this.#lifecycle.emit('endpoint.disabled', { endpointId: endpoint.id, tenant: endpoint.tenant, reason })
  }

  /** The probe failed. */
  async #rest(endpoint: Endpoint, nowMs: number): Promise<void> {
    const probeAtMs = nowMs + this.#rule.probeEveryMs
    if (await this.#write(endpoint, { probeAtMs })) await this.#reschedule(endpoint.id, probeAtMs, 'later')
  }

  /** Never rejects: the attempt that was made has to be recorded whatever becomes of the others. */
  async #reschedule(id: string, dueAtMs: number, direction: 'later' | 'sooner'): Promise<void> {
    try {
      if (direction === 'later') await putOff(id, dueAtMs, this.#store, this.#clock)
      else await this.#store.deliveries.reschedule(id, dueAtMs, 'sooner')
    } catch (error) {
      this.#logger.error('webhook store did not answer: what waits for an endpoint was not rescheduled', {
        endpointId: id,
        error,
      })
    }
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
