import type { Attempt, Delivery } from '../model/delivery.ts'
import type { Endpoint } from '../model/endpoint.ts'
import type { Logger } from '../model/logger.ts'
import { isThenable } from '../model/maybe-promise.ts'
import type { AttemptEnd } from '../queue/worker.ts'
import {
  decideRetry,
  type FailedAttempt,
  type RetryDecision,
  type RetryPolicyInput,
  type RetryQuestion,
} from '../retry/retry-policy.ts'
import type { ClaimedDelivery } from '../storage/store.ts'
import { type AttemptHost, type AttemptResult, makeAttempt } from './attempt.ts'
import type { EndpointCache } from './endpoint-cache.ts'
import type { EndpointHealth } from './health.ts'
import { restUntil } from './resting.ts'

/** The cause of what fails because its endpoint answered 410. */
const GONE = 'endpoint_gone'
/** What goes wrong before the endpoint is asked is not held against it. */
const OWN_FAULTS: ReadonlySet<string> = new Set(['render_failed', 'not_registered'])
/** When the store does not say what the endpoint is. */
const ASK_AGAIN_MS = 60_000

/** What delivering needs. */
export interface DeliverHost extends AttemptHost {
  readonly cache: EndpointCache
  readonly health: EndpointHealth
  readonly logger: Logger
  readonly random: () => number
}

/** Makes the next attempt of a delivery and decides what follows. This is what the worker performs. */
export async function deliver(claimed: ClaimedDelivery, signal: AbortSignal, host: DeliverHost): Promise<AttemptEnd> {
  const { delivery } = claimed
  let endpoint: Endpoint | undefined
  try {
    endpoint = await currentEndpoint(delivery.endpointId, host.cache)
  } catch (error) {
    host.logger.error('webhook store did not tell an endpoint: a delivery waits', { deliveryId: delivery.id, error })
    return { next: { status: 'returned', dueAtMs: host.clock.now() + ASK_AGAIN_MS } }
  }
  if (endpoint === undefined) return ended('endpoint_deleted', 'the endpoint was deleted', host.clock.now())
  const stop = await checkState(endpoint, delivery, host)
  if (stop !== undefined) return stop
  if (endpoint.status === 'active') return attemptOnce(endpoint, claimed, signal, host)
  if (!host.health.beginProbe(endpoint.id)) return untilProbed(endpoint, host.clock.now())
  try {
    return await attemptOnce(endpoint, claimed, signal, host)
  } finally {
    host.health.endProbe(endpoint.id)
  }
}

async function attemptOnce(
  endpoint: Endpoint,
  { delivery, event }: ClaimedDelivery,
  signal: AbortSignal,
  host: DeliverHost,
): Promise<AttemptEnd> {
  const result = await makeAttempt(endpoint, event, delivery, host, signal)
  const { attempt, failure, request } = result
  if (failure === undefined) {
    if (host.health.isHeldAgainst(endpoint)) await host.health.succeeded(endpoint)
    const { externalId } = attempt
    const next = { status: 'succeeded', atMs: host.clock.now() } as const
    return externalId === undefined ? { attempt, next } : { attempt, next, externalId }
  }
  // The worker is stopping: another one makes this attempt.
  if ('error' in failure && failure.error === 'aborted' && signal.aborted)
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
  const { triesUsed, attempts, attemptsBefore = 0 } = delivery
  const decision = decide({
    outcome: failure,
    // A delivery that somebody retried has all its free waits again.
    attempt: attempts - attemptsBefore + 1,
    triesUsed,
    policy,
    nowMs,
    random: host.random,
  })
  const lastError = attempt.errorMessage ?? attempt.errorCode ?? 'failed'
  if (decision.action === 'disable_endpoint') await host.health.disable(endpoint, 'gone')
  else if (!OWN_FAULTS.has(attempt.errorCode ?? '')) await host.health.failed(endpoint)

  if (decision.action === 'retry') {
    const { dueAtMs, triesUsed: used } = decision
    return { attempt, lastError, cause: causeOf(attempt), next: { status: 'pending', dueAtMs, triesUsed: used } }
  }
  // It and all that waited for the same endpoint are one group of dead letters.
  const cause = decision.action === 'disable_endpoint' ? GONE : causeOf(attempt)
  return { attempt, lastError, cause, reason: decision.reason, next: { status: 'failed', atMs: nowMs } }
}

/** A stored policy that only another release knows must not keep an attempt from being recorded. */
function decide(question: RetryQuestion): RetryDecision {
  try {
    return decideRetry(question)
  } catch {
    return decideRetry({ ...question, policy: 'default' })
  }
}

/** The endpoint as it is known; before that stops a delivery, as it is: another process may have enabled it. */
async function currentEndpoint(id: string, cache: EndpointCache): Promise<Endpoint | undefined> {
  const known = cache.get(id)
  const endpoint = isThenable(known) ? await known : known
  return endpoint?.status === 'disabled' ? cache.reload(id) : endpoint
}

/** What becomes of a delivery whose endpoint takes nothing now; `undefined` when it does. */
async function checkState(
  endpoint: Endpoint,
  { createdAtMs }: Delivery,
  { clock, health }: DeliverHost,
): Promise<AttemptEnd | undefined> {
  if (endpoint.status !== 'disabled') return undefined
  const nowMs = clock.now()
  const { disabledReason, probeAtMs } = endpoint
  if (disabledReason === 'gone') return ended(GONE, 'the endpoint said that it is gone (410)', nowMs)
  if (disabledReason === 'manual') await health.park(endpoint)
  else if (probeAtMs === undefined || nowMs >= probeAtMs) return undefined
  return { next: { status: 'returned', dueAtMs: restUntil(endpoint, createdAtMs, nowMs) } }
}

/** While another delivery tries the endpoint; how that ends decides for both. */
function untilProbed({ timeoutSeconds }: Endpoint, nowMs: number): AttemptEnd {
  return { next: { status: 'returned', dueAtMs: nowMs + timeoutSeconds * 1000 } }
}

function ended(cause: string, lastError: string, atMs: number): AttemptEnd {
  return { cause, lastError, next: { status: 'failed', atMs } }
}

/** One code for equal causes, where the words of the error may differ. */
function causeOf({ errorCode = 'failed', status = 0 }: Attempt): string {
  return errorCode === 'http_status' ? `http_${status}` : errorCode
}
