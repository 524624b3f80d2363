import type { ClaimedDelivery, Settlement } from '../storage/store.ts'
import { givenBack, MAX_CRASHES } from './outcomes.ts'
import { toSettlement } from './settler.ts'

/**
 * A delivery that is set aside if this worker dies, too. It is tried while nothing else begins: of those that were
 * under way together when workers died, only the one that they died of is set aside.
 */
export class LastTry {
  #waiting: ClaimedDelivery | undefined
  #running: ClaimedDelivery | undefined

  /** Whether nothing else may begin. */
  get isPending(): boolean {
    return this.isWaiting || this.#running !== undefined
  }

  /** Whether it is held, and has not begun. */
  get isWaiting(): boolean {
    return this.#waiting !== undefined
  }

  /** Takes a delivery if this is its last try. */
  accept(claimed: ClaimedDelivery): boolean {
    if (!isLastTry(claimed)) return false
    this.#waiting = claimed
    return true
  }

  /** It begins now. */
  begin(): ClaimedDelivery | undefined {
    this.#running = this.#waiting
    this.#waiting = undefined
    return this.#running
  }

  /** It is given back. */
  takeWaiting(): readonly ClaimedDelivery[] {
    const waiting = this.#waiting
    this.#waiting = undefined
    return waiting === undefined ? [] : [waiting]
  }

  /** How a delivery ended is written. */
  ended(deliveryId: string): void {
    if (this.#running?.delivery.id === deliveryId) this.#running = undefined
  }

  /** A lane takes long: whatever waits for it waits no more. */
  wentSlow(lane: string): void {
    if (this.#running?.delivery.lane === lane) this.#running = undefined
  }
}

/** Of deliveries on their last try one is kept; the others are to be given back before it begins. */
export function keepOneLastTry(claimed: readonly ClaimedDelivery[]): {
  readonly kept: readonly ClaimedDelivery[]
  readonly back: readonly Settlement[]
} {
  const [, ...others] = claimed.filter(isLastTry)
  if (others.length === 0) return { kept: claimed, back: [] }
  const back = others.map(one => toSettlement(givenBack(one)))
  return { kept: claimed.filter(one => !others.includes(one)), back }
}

function isLastTry({ delivery }: ClaimedDelivery): boolean {
  return delivery.crashes === MAX_CRASHES - 1
}
