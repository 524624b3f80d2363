import type { LifecycleSource } from '../emitter.ts'
import type { Delivery } from '../model/delivery.ts'
import type { Outcome } from '../queue/settler.ts'
import type { SenderLifecycle } from './lifecycle.ts'

/** Tells of an outcome once it is written: what somebody else had decided by then is not told. */
export function announce({ claimed, end }: Outcome, lifecycle: LifecycleSource<SenderLifecycle>): void {
  const { attempt, next, lastError, reason = 'given up' } = end
  if (next.status === 'returned' || next.status === 'cancelled') return
  const delivery = after(claimed.delivery, end)
  if (next.status === 'succeeded') {
    if (attempt !== undefined) lifecycle.emit('delivery.succeeded', { delivery, attempt })
    return
  }
  const nextAttemptAtMs = next.status === 'pending' ? next.dueAtMs : undefined
  if (attempt !== undefined) lifecycle.emit('delivery.failed', { delivery, attempt, nextAttemptAtMs })
  if (next.status === 'failed') {
    lifecycle.emit('delivery.exhausted', {
      delivery,
      attempt,
      reason: attempt === undefined ? (lastError ?? reason) : reason,
    })
  }
}

/** The delivery as it is after the attempt. */
function after(delivery: Delivery, { attempt, next, lastError, cause, externalId }: Outcome['end']): Delivery {
  const waits = next.status === 'pending'
  const ends = !waits && next.status !== 'returned'
  return {
    ...delivery,
    attempts: attempt === undefined ? delivery.attempts : delivery.attempts + 1,
    lastError,
    cause,
    externalId: externalId ?? delivery.externalId,
    status: ends ? next.status : delivery.status,
    dueAtMs: waits ? next.dueAtMs : delivery.dueAtMs,
    triesUsed: waits ? next.triesUsed : delivery.triesUsed,
    finishedAtMs: ends ? next.atMs : delivery.finishedAtMs,
  }
}
