import type { Attempt } from '../../model/delivery.ts'
import type { AttemptFilter, AttemptStats, AttemptStore, Page } from '../store.ts'
import { fillPage, readCursor } from './page.ts'

/** The newest attempts, in this process. */
export class MemoryAttempts implements AttemptStore {
  #attempts: Attempt[] = []
  readonly #ids = new Set<string>()
  /** How many were dropped: the number of the first that is kept. */
  #dropped = 0
  readonly #max: number

  constructor(max: number) {
    this.#max = Math.max(1, max)
  }

  add(attempt: Attempt): void {
    if (this.#ids.has(attempt.id)) return
    this.#ids.add(attempt.id)
    this.#attempts.push(attempt)
    // Dropped in blocks: the cost of moving the rest is spread over as many additions.
    if (this.#attempts.length < 2 * this.#max) return
    for (const { id } of this.#attempts.splice(0, this.#max)) this.#ids.delete(id)
    this.#dropped += this.#max
  }

  async insert(attempts: readonly Attempt[]): Promise<void> {
    for (const attempt of attempts) this.add(attempt)
  }

  async list(filter: AttemptFilter): Promise<Page<Attempt>> {
    return fillPage(
      this.#newest(filter),
      filter,
      ({ number }) => String(number),
      ({ attempt }) => attempt,
    )
  }

  async stats(endpointId: string, sinceMs: number): Promise<AttemptStats> {
    const durations: number[] = []
    let succeeded = 0
    let lastAttemptAtMs: number | undefined
    for (const { attempt } of this.#newest({ endpointId, sinceMs })) {
      if (attempt.isTest) continue
      durations.push(attempt.durationMs)
      if (attempt.outcome === 'succeeded') succeeded++
      lastAttemptAtMs = Math.max(lastAttemptAtMs ?? 0, attempt.startedAtMs)
    }
    durations.sort((a, b) => a - b)
    const total = durations.length
    const percentile = (part: number): number | undefined => durations[Math.ceil(part * total) - 1]
    return {
      total,
      succeeded,
      failed: total - succeeded,
      averageMs: total === 0 ? undefined : durations.reduce((sum, duration) => sum + duration, 0) / total,
      p50Ms: percentile(0.5),
      p95Ms: percentile(0.95),
      p99Ms: percentile(0.99),
      lastAttemptAtMs,
    }
  }

  *#newest(filter: AttemptFilter): Generator<{ readonly attempt: Attempt; readonly number: number }> {
    const oldest = Math.max(0, this.#attempts.length - this.#max)
    const start = Math.min(this.#attempts.length, readCursor(filter.cursor) - this.#dropped)
    for (let i = start - 1; i >= oldest; i--) {
      const attempt = this.#attempts[i]
      if (attempt !== undefined && matches(attempt, filter)) yield { attempt, number: i + this.#dropped }
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
