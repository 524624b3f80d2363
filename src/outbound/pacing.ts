import type { Clock } from '../clock.ts'
import type { Endpoint } from '../model/endpoint.ts'

/** Endpoints whose pace is remembered. */
const MAX_ENDPOINTS = 10_000

/** Keeps endpoints within their rate limits, each worker process by itself: evenly, with a burst of up to the limit. */
export class Pacing {
  readonly #clock: Clock
  /** When the allowance of an endpoint would be full again, in milliseconds since the epoch. */
  readonly #fullAtMs = new Map<string, number>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Takes one request from the allowance; how long to wait when there is none, in milliseconds, else 0. */
  waitMs({ id, rateLimit }: Endpoint): number {
    if (rateLimit === undefined) return 0
    const nowMs = this.#clock.now()
    const windowMs = rateLimit.perSeconds * 1000
    const costMs = windowMs / rateLimit.limit
    // More than a window ahead lies only what was noted before the clock was put back.
    if ((this.#fullAtMs.get(id) ?? 0) > nowMs + windowMs) this.#fullAtMs.set(id, nowMs + windowMs)
    const fullAtMs = Math.max(nowMs, this.#fullAtMs.get(id) ?? 0) + costMs
    if (fullAtMs - nowMs > windowMs) return Math.ceil(fullAtMs - nowMs - windowMs)
    this.#fullAtMs.delete(id)
    this.#fullAtMs.set(id, fullAtMs)
    for (const oldest of this.#fullAtMs.keys()) {
      if (this.#fullAtMs.size <= MAX_ENDPOINTS) break
      this.#fullAtMs.delete(oldest)
    }
    return 0
  }
}
