import type { Attempt, Delivery } from '../model/delivery.ts'
import type { Endpoint } from '../model/endpoint.ts'
import type { AttemptEnd } from '../queue/worker.ts'
import { decideRetry, type FailedAttempt, type RetryPolicyInput } from '../retry/retry-policy.ts'
import type { ClaimedDelivery } from '../storage/store.ts'
import { type AttemptHost, type AttemptResult, makeAttempt } from './attempt.ts'
import type { EndpointCache } from './endpoint-cache.ts'
import { PARKED_MS } from './endpoints.ts'
import type { EndpointHealth } from './health.ts'

/** The cause of what fails because its endpoint answered 410. */
const GONE = 'endpoint_gone'

/** What delivering needs. */
export interface DeliverHost extends AttemptHost {
  readonly cache: EndpointCache
  readonly health: EndpointHealth
  readonly random: () => number
}

/** Makes the next attempt of a delivery and decides what follows. This is what the worker performs. */
export async function deliver(claimed: ClaimedDelivery, signal: AbortSignal, host: DeliverHost): Promise<AttemptEnd> {
  const { delivery, event } = claimed
  const known = host.cache.get(delivery.endpointId)
  const endpoint = known instanceof Promise ? await known : known
  const stop = checkEndpointState(endpoint, host.clock.now())
  if (stop !== undefined) return stop
  if (endpoint === undefined) return ended('endpoint_deleted', 'the endpoint was deleted', host.clock.now())
  const result = await makeAttempt(endpoint, event, delivery, host, signal)
  const { attempt, failure, request } = result
  if (failure === undefined) {
    if (host.health.isHeldAgainst(endpoint)) await host.health.succeeded(endpoint)
    const { externalId } = attempt
    const next = { status: 'succeeded', atMs: host.clock.now() } as const
    return externalId === undefined ? { attempt, next } : { attempt, next, externalId }
  }
  // The worker is stopping: another one makes this attempt.
  if ('error' in failure && failure.error === 'aborted')
    return { next: { status: 'returned', dueAtMs: delivery.dueAtMs } }
  const end = await afterFailure(endpoint, delivery, result, failure, host)
  if (delivery.body !== undefined || request === undefined || end.next.status === 'returned') return end
  const { bytes, contentType } = request.body
  return { ...end, next: { ...end.next, body: { bytes, contentType } } }
}

async function afterFailure(
  endpoint: Endpoint,
  delivery: Delivery,
  { attempt }: AttemptResult,
  failure: FailedAttempt,
  host: DeliverHost,
): Promise<AttemptEnd> {
  const nowMs = host.clock.now()
  const policy = endpoint.retry as RetryPolicyInput
  const { triesUsed, attempts } = delivery
  const decision = decideRetry({
    outcome: failure,
    attempt: attempts + 1,
    triesUsed,
    policy,
    nowMs,
    random: host.random,
  })
  const lastError = attempt.errorMessage ?? attempt.errorCode ?? 'failed'
  if (decision.action === 'disable_endpoint') await host.health.disable(endpoint, 'gone')
  else if (attempt.errorCode !== 'render_failed') await host.health.failed(endpoint)

  if (decision.action === 'retry') {
    const { dueAtMs, triesUsed: used } = decision
    return { attempt, lastError, cause: causeOf(attempt), next: { status: 'pending', dueAtMs, triesUsed: used } }
  }
  // It and all that waited for the same endpoint are one group of dead letters.
  const cause = decision.action === 'disable_endpoint' ? GONE : causeOf(attempt)
  return { attempt, lastError, cause, reason: decision.reason, next: { status: 'failed', atMs: nowMs } }
}

/** Whether the endpoint takes anything at all now; `undefined` when it does. */
function checkEndpointState(endpoint: Endpoint | undefined, nowMs: number): AttemptEnd | undefined {
  if (endpoint?.status !== 'disabled') return undefined
  const { disabledReason, probeAtMs } = endpoint
  if (disabledReason === 'gone') return ended(GONE, 'the endpoint said that it is gone (410)', nowMs)
  if (disabledReason === 'manual') return { next: { status: 'returned', dueAtMs: PARKED_MS } }
  return probeAtMs !== undefined && nowMs < probeAtMs ? { next: { status: 'returned', dueAtMs: probeAtMs } } : undefined
}

function ended(cause: string, lastError: string, atMs: number): AttemptEnd {
  return { cause, lastError, next: { status: 'failed', atMs } }
}

/** One code for equal causes, where the words of the error may differ. */
function causeOf({ errorCode = 'failed', status = 0 }: Attempt): string {
  return errorCode === 'http_status' ? `http_${status}` : errorCode
}
