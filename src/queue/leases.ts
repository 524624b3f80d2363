import type { Clock } from '../clock.ts'
import { newId } from '../ids.ts'
import type { Logger } from '../model/logger.ts'
import type { ClaimTicket, DeliveryStore } from '../storage/store.ts'

/** Hands out claim tickets and renews those in use. */
export interface Leases {
  /** A ticket for a claim that is about to be made. */
  ticket(): ClaimTicket
  /** A delivery is held under this token. */
  hold(token: string): void
  /** It no longer is. */
  release(token: string): void
  /** Ends the renewing. */
  stop(): void
}

/** A lease is renewed when a third of it has passed, so that two renewals may fail. */
export function createLeases(deliveries: DeliveryStore, clock: Clock, logger: Logger, leaseMs: number): Leases {
  const held = new Map<string, number>()
  let current: { readonly token: string; readonly fromMs: number } | undefined
  let cancelTimer: (() => void) | undefined

  const arm = (): void => {
    cancelTimer ??= clock.setTimer(() => {
      cancelTimer = undefined
      if (held.size === 0) return
      arm()
      deliveries.renew([...held.keys()], clock.now() + leaseMs).then(
        lost => {
          if (lost.length > 0)
            logger.warn('webhook leases ran out: other workers may repeat these attempts', { lost: lost.length })
          for (const token of lost) held.delete(token)
        },
        (error: unknown) => logger.error('webhook store did not answer: leases were not renewed', { error }),
      )
    }, leaseMs / 3)
  }
  return {
    ticket() {
      const nowMs = clock.now()
      // One token serves for a while, so that there are few to renew; never for as long as a lease holds.
      if (current === undefined || nowMs - current.fromMs >= leaseMs / 3 || nowMs < current.fromMs) {
        current = { token: newId('lse'), fromMs: nowMs }
      }
      return { token: current.token, leaseUntilMs: nowMs + leaseMs }
    },
    hold(token) {
      held.set(token, (held.get(token) ?? 0) + 1)
      arm()
    },
    release(token) {
      const count = held.get(token)
      if (count === undefined) return
      if (count === 1) held.delete(token)
      else held.set(token, count - 1)
    },
    stop() {
      cancelTimer?.()
      cancelTimer = undefined
    },
  }
}
