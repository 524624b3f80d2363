import type { Clock } from '../clock.ts'
import { type NewId, newId as randomId } from '../ids.ts'
import type { Logger } from '../model/logger.ts'
import type { ClaimTicket, DeliveryStore } from '../storage/store.ts'

/** Hands out claim tickets and renews those in use. */
export interface Leases {
  /** A ticket for a claim that is about to be made. */
  ticket(): ClaimTicket
  /** A delivery is held under this ticket. */
  hold(ticket: ClaimTicket): void
  /** One delivery less is held under this token. */
  release(token: string): void
  /** Whether a delivery is certainly held still: its lease has not run out. */
  holds(token: string): boolean
  /** Ends the renewing. */
  stop(): void
}

interface Lease {
  deliveries: number
  untilMs: number
}

/**
 * A lease is renewed when a third of it has passed, so that two renewals may fail. It begins when the store is asked,
 * not when that answers.
 */
export function createLeases(
  deliveries: DeliveryStore,
  clock: Clock,
  logger: Logger,
  leaseMs: number,
  newId: NewId = randomId,
): Leases {
  const prefix = newId('lse')
  const held = new Map<string, Lease>()
  let count = 0
  let cancelTimer: (() => void) | undefined
  let renewAtMs = 0

  async function renew(): Promise<void> {
    const untilMs = clock.now() + leaseMs
    const tokens = [...held.keys()]
    try {
      const lost = new Set(await deliveries.renew(tokens, untilMs))
      for (const token of tokens) {
        const lease = held.get(token)
        if (lease !== undefined && !lost.has(token)) lease.untilMs = untilMs
      }
      // Those that were settled while the store was asked are none of it.
      const missing = [...lost].filter(token => held.delete(token)).length
      if (missing > 0) logger.warn('webhook leases are gone: other workers may repeat these attempts', { missing })
    } catch (error) {
      logger.error('webhook store did not answer: leases were not renewed', { error })
    }
  }
  const arm = (atMs: number): void => {
    if (cancelTimer !== undefined && renewAtMs <= atMs) return
    cancelTimer?.()
    renewAtMs = atMs
    cancelTimer = clock.setTimer(() => {
      cancelTimer = undefined
      if (held.size === 0) return
      arm(clock.now() + leaseMs / 3)
      void renew()
    }, atMs - clock.now())
  }
  const stop = (): void => {
    cancelTimer?.()
    cancelTimer = undefined
  }
  return {
    ticket: () => ({ token: `${prefix}_${count++}`, leaseUntilMs: clock.now() + leaseMs }),
    hold({ token, leaseUntilMs }) {
      const lease = held.get(token)
      if (lease === undefined) held.set(token, { deliveries: 1, untilMs: leaseUntilMs })
      else lease.deliveries++
      arm(leaseUntilMs - (2 / 3) * leaseMs)
    },
    release(token) {
      const lease = held.get(token)
      if (lease === undefined || --lease.deliveries > 0) return
      held.delete(token)
      if (held.size === 0) stop()
    },
    holds: token => (held.get(token)?.untilMs ?? 0) > clock.now(),
    stop,
  }
}
