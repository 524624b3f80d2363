import type { Clock } from '../clock.ts'
import type { Endpoint } from '../model/endpoint.ts'
import type { Store } from '../storage/store.ts'

/** How long what waits for an endpoint that somebody disabled is left alone, in milliseconds. */
export const PARK_MS = 3_600_000
const LEAST_MS = 60_000

/**
 * Until when one delivery of a disabled endpoint is left alone: until the probe, but not for longer than it has waited
 * already, at least a minute and at most an hour. So none is put off for long by a process that has not heard yet that
 * another one enabled the endpoint, and those that wait for long are seldom looked at.
 */
export function restUntil({ probeAtMs }: Endpoint, createdAtMs: number, nowMs: number): number {
  const waitedMs = Math.min(Math.max(nowMs - createdAtMs, LEAST_MS), PARK_MS)
  return Math.min(probeAtMs ?? Number.POSITIVE_INFINITY, nowMs + waitedMs)
}

/** Puts off all that waits for a disabled endpoint, unless another process enabled or deleted it meanwhile. */
export async function putOff(endpointId: string, untilMs: number, store: Store, clock: Clock): Promise<void> {
  await store.deliveries.reschedule(endpointId, untilMs, 'later')
  const endpoint = await store.endpoints.get(endpointId)
  if (endpoint?.status !== 'disabled') await store.deliveries.reschedule(endpointId, clock.now(), 'sooner')
}
