import type { Attempt } from '../../model/delivery.ts'
import type { AttemptFilter, AttemptStats, AttemptStore, Page } from '../store.ts'
import { pageOf } from './page.ts'

/** The newest attempts, in this process. */
export class MemoryAttempts implements AttemptStore {
  #attempts: Attempt[] = []
  readonly #max: number

  constructor(max: number) {
    this.#max = max
  }

  add(attempt: Attempt): void {
    this.#attempts.push(attempt)
    // Dropped in blocks: the cost of moving the rest is spread over as many additions.
    if (this.#attempts.length >= 2 * this.#max) this.#attempts = this.#attempts.slice(-this.#max)
  }

  async insert(attempts: readonly Attempt[]): Promise<void> {
    for (const attempt of attempts) this.add(attempt)
  }

  async list(filter: AttemptFilter): Promise<Page<Attempt>> {
    const newest = this.#attempts.slice(-this.#max).reverse()
    return pageOf(
      newest.filter(attempt => matches(attempt, filter)),
      filter,
      attempt => attempt.id,
    )
  }

  async stats(endpointId: string, sinceMs: number): Promise<AttemptStats> {
    const attempts = this.#attempts
      .slice(-this.#max)
      .filter(attempt => attempt.endpointId === endpointId && attempt.startedAtMs >= sinceMs && !attempt.isTest)
    const durations = attempts.map(attempt => attempt.durationMs).sort((a, b) => a - b)
    const quantile = (q: number): number | undefined => durations[Math.ceil(q * durations.length) - 1]
    const succeeded = attempts.filter(attempt => attempt.outcome === 'succeeded').length
    return {
      total: attempts.length,
      succeeded,
      failed: attempts.length - succeeded,
      averageMs: durations.length === 0 ? undefined : durations.reduce((a, b) => a + b, 0) / durations.length,
      p50Ms: quantile(0.5),
      p95Ms: quantile(0.95),
      p99Ms: quantile(0.99),
      lastAttemptAtMs: attempts.at(-1)?.startedAtMs,
    }
  }
}

function matches(attempt: Attempt, filter: AttemptFilter): boolean {
  const same = <T>(wanted: T | undefined, value: T | undefined): boolean => wanted === undefined || wanted === value
  return (
    same(filter.tenant, attempt.tenant) &&
    same(filter.endpointId, attempt.endpointId) &&
    same(filter.deliveryId, attempt.deliveryId) &&
    same(filter.eventType, attempt.eventType) &&
    same(filter.subject, attempt.subject) &&
    same(filter.outcome, attempt.outcome) &&
    same(filter.direction, attempt.direction) &&
    matchesStatus(attempt.status, filter.status) &&
    (filter.sinceMs === undefined || attempt.startedAtMs >= filter.sinceMs) &&
    (filter.untilMs === undefined || attempt.startedAtMs < filter.untilMs) &&
    (filter.text === undefined || containsText(attempt, filter.text))
  )
}

function matchesStatus(status: number | undefined, wanted: AttemptFilter['status']): boolean {
  if (wanted === undefined) return true
  if (wanted === 'none') return status === undefined
  return typeof wanted === 'number' ? status === wanted : `${Math.floor((status ?? 0) / 100)}xx` === wanted
}

function containsText(attempt: Attempt, text: string): boolean {
  const { url, requestBody, responseBody, errorMessage } = attempt
  return [url, requestBody, responseBody, errorMessage ?? ''].some(part => part.includes(text))
}
