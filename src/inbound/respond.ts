import type { WebhookResponse } from '../model/http.ts'
import type { ReceiveError, ReceiveOutcome, ReceiveResult, Reply } from '../model/receive-result.ts'
import type { EventResult } from './handle-event.ts'

const HTTP_STATUS: Readonly<Record<ReceiveOutcome, number>> = {
  handled: 200,
  accepted: 202,
  duplicate: 200,
  in_progress: 409,
  failed: 500,
  refused: 401,
  malformed: 400,
  method_not_allowed: 405,
  too_large: 413,
  too_slow: 408,
  misconfigured: 500,
  unavailable: 503,
}

const NOTHING = { total: 0, created: 0, updated: 0, skipped: 0, failed: 0, errors: [], durationSeconds: 0 }

/** A result without records. */
export function emptyResult(outcome: ReceiveOutcome, more: Partial<ReceiveResult> = {}): ReceiveResult {
  return { ...NOTHING, outcome, httpStatus: HTTP_STATUS[outcome], ...more }
}

/**
 * The result of a request from those of its events: the worst one decides, so that the sender tries again.
 * Written without spreads and helpers: it runs for every request.
 */
export function combineResults(results: readonly EventResult[], durationSeconds: number): ReceiveResult {
  const counts = { created: 0, updated: 0, skipped: 0, failed: 0 }
  const errors: ReceiveError[] = []
  let total = 0
  let reply: Reply | undefined
  let retryAfterSeconds: number | undefined
  let outcome: ReceiveOutcome = results.length > 0 ? 'duplicate' : 'handled'
  for (const result of results) {
    if (SEVERITY[result.state] > SEVERITY[outcome]) outcome = result.state
    if (result.state === 'in_progress') retryAfterSeconds = result.retryAfterSeconds
    if (result.state !== 'handled') continue
    reply ??= result.reply
    for (const { status, recordId, message } of result.records) {
      total++
      counts[status]++
      if (status === 'failed') errors.push({ source_id: recordId, message: message ?? 'failed' })
    }
  }
  if (outcome === 'unavailable') retryAfterSeconds = 5
  const httpStatus = outcome === 'handled' && counts.failed > 0 ? 207 : HTTP_STATUS[outcome]
  const { created, updated, skipped, failed } = counts
  const result: Mutable<ReceiveResult> = {
    outcome,
    httpStatus,
    total,
    created,
    updated,
    skipped,
    failed,
    durationSeconds,
    errors,
  }
  if (reply !== undefined) result.reply = reply
  if (retryAfterSeconds !== undefined) result.retryAfterSeconds = retryAfterSeconds
  return result
}

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] }

/** A request is only as good as its worst event. */
const SEVERITY: Readonly<Record<ReceiveOutcome, number>> = {
  duplicate: 0,
  handled: 1,
  accepted: 1,
  in_progress: 2,
  failed: 3,
  unavailable: 4,
  refused: 5,
  malformed: 5,
  method_not_allowed: 5,
  too_large: 5,
  too_slow: 5,
  misconfigured: 5,
}

/**
 * The usual answer: counts as JSON, the same body for every refusal. A handler's reply takes its place when the
 * event was handled.
 */
export function toResponse(result: ReceiveResult): WebhookResponse {
  if (result.reply !== undefined && result.outcome === 'handled') return jsonResponse(200, result.reply.reply)
  const { httpStatus, total, created, updated, skipped, failed, errors, message, retryAfterSeconds } = result
  const duration = Math.round(result.durationSeconds * 1000) / 1000
  // Put together by hand: it is written for every request, and only errors and message need escaping.
  const counts = `"total":${total},"created":${created},"updated":${updated},"skipped":${skipped},"failed":${failed}`
  const failures = errors.length === 0 ? '[]' : JSON.stringify(errors)
  const duplicate = result.outcome === 'duplicate' ? ',"duplicate":true' : ''
  const words = message === undefined ? '' : `,"message":${JSON.stringify(message)}`
  const status = httpStatus < 400 ? 'ok' : 'error'
  const body = `{"status":"${status}",${counts},"duration":${duration},"errors":${failures}${duplicate}${words}}`
  const headers = { 'content-type': 'application/json' }
  if (retryAfterSeconds === undefined) return { status: httpStatus, headers, body }
  return { status: httpStatus, headers: { ...headers, 'retry-after': String(retryAfterSeconds) }, body }
}

/** An answer with a JSON body. */
export function jsonResponse(status: number, body: unknown): WebhookResponse {
  return { status, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body ?? null) }
}
