import type { Attempt, Delivery } from '../model/delivery.ts'
import type { RunResult } from './run-handlers.ts'

/** Of a handler's error, this much is stored. */
const MAX_ERROR_CHARACTERS = 500

/** A try at the handlers as a line of the log. There is no HTTP in it, so most of the line is empty. */
export function attemptOf(
  id: string,
  delivery: Delivery,
  run: RunResult,
  startedAtMs: number,
  endedAtMs: number,
): Attempt {
  const { id: deliveryId, eventId, eventType, tenant, subject, endpointId, attempts } = delivery
  return {
    id,
    direction: 'inbound',
    deliveryId,
    eventId,
    eventType,
    tenant,
    subject,
    endpointId,
    number: attempts + 1,
    startedAtMs,
    durationMs: endedAtMs - startedAtMs,
    outcome: run.state === 'done' ? 'succeeded' : 'failed',
    method: 'HANDLE',
    url: '',
    requestHeaders: {},
    requestBody: '',
    status: undefined,
    responseHeaders: {},
    responseBody: '',
    errorCode: run.state === 'done' ? undefined : run.state === 'threw' ? 'handler_failed' : 'timeout',
    errorMessage: errorMessageOf(run),
    externalId: undefined,
    isTest: false,
  }
}

function errorMessageOf(run: RunResult): string | undefined {
  if (run.state === 'done') return undefined
  if (run.state === 'timed_out') return 'the handler took too long'
  const { error } = run
  const message = error instanceof Error ? error.message : typeof error === 'string' ? error : undefined
  return (message ?? 'the handler threw something that is no Error').slice(0, MAX_ERROR_CHARACTERS)
}

/** One code for equal causes: the message of a handler's error may differ each time, its code or class does not. */
export function causeOf(run: RunResult): string {
  if (run.state !== 'threw') return 'timeout'
  const { error } = run
  if (!(error instanceof Error)) return 'handler_failed'
  const kind = [(error as { readonly code?: unknown }).code, error.name].find(isCode)
  return kind === undefined ? 'handler_failed' : `handler_failed:${kind}`
}

function isCode(value: unknown): value is string {
  return typeof value === 'string' && value !== 'Error' && /^\w{1,60}$/.test(value)
}
