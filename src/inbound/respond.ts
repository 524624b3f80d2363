import type { WebhookResponse } from '../model/http.ts'
import type { ReceiveOutcome, ReceiveResult, RecordOutcome } from '../model/receive-result.ts'
import type { EventResult } from './handle-event.ts'

const HTTP_STATUS: Readonly<Record<ReceiveOutcome, number>> = {
  handled: 200,
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

/** The result of a request from those of its events: the worst one decides, so that the sender tries again. */
export function combineResults(results: readonly EventResult[], durationSeconds: number): ReceiveResult {
  const find = <State extends EventResult['state']>(state: State): Extract<EventResult, { state: State }> | undefined =>
    results.find((result): result is Extract<EventResult, { state: State }> => result.state === state)
  const records = results.flatMap(result => (result.state === 'handled' ? result.records : []))
  const count = (status: RecordOutcome['status']): number => records.filter(record => record.status === status).length
  const busy = find('in_progress')
  const outcome: ReceiveOutcome = find('unavailable')
    ? 'unavailable'
    : find('failed')
      ? 'failed'
      : busy
        ? 'in_progress'
        : results.length > 0 && results.every(result => result.state === 'duplicate')
          ? 'duplicate'
          : 'handled'
  const failed = count('failed')
  const reply = results.flatMap(result => (result.state === 'handled' && result.reply ? [result.reply] : []))[0]
  return {
    outcome,
    httpStatus: outcome === 'handled' && failed > 0 ? 207 : HTTP_STATUS[outcome],
    total: records.length,
    created: count('created'),
    updated: count('updated'),
    skipped: count('skipped'),
    failed,
    durationSeconds,
    errors: records
      .filter(record => record.status === 'failed')
      .map(record => ({ source_id: record.recordId, message: record.message ?? 'failed' })),
    ...(reply && { reply }),
    ...(busy && { retryAfterSeconds: busy.retryAfterSeconds }),
    ...(outcome === 'unavailable' && { retryAfterSeconds: 5 }),
  }
}

/**
 * The usual answer: counts as JSON, the same body for every refusal. A handler's reply takes its place when the
 * event was handled.
 */
export function toResponse(result: ReceiveResult): WebhookResponse {
  if (result.reply !== undefined && result.outcome === 'handled') return jsonResponse(200, result.reply.reply)
  const { httpStatus, total, created, updated, skipped, failed, errors } = result
  const body = {
    status: httpStatus < 400 ? 'ok' : 'error',
    total,
    created,
    updated,
    skipped,
    failed,
    duration: Math.round(result.durationSeconds * 1000) / 1000,
    errors,
    ...(result.outcome === 'duplicate' && { duplicate: true }),
    ...(result.message !== undefined && { message: result.message }),
  }
  return jsonResponse(httpStatus, body, {
    ...(result.retryAfterSeconds !== undefined && { 'retry-after': String(result.retryAfterSeconds) }),
  })
}

/** An answer with a JSON body. */
export function jsonResponse(
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): WebhookResponse {
  return { status, headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(body ?? null) }
}
