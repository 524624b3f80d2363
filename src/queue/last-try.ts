import type { ClaimedDelivery, Settlement } from '../storage/store.ts'
import { givenBack, MAX_CRASHES } from './outcomes.ts'
import { toSettlement } from './settler.ts'

/** What is made of a claim. */
export interface Selection {
  readonly kept: readonly ClaimedDelivery[]
  /** To be given back before any of the others begins: a death of this worker must not be put down to them. */
  readonly back: readonly Settlement[]
  /** The only one that is kept, because it is to be tried alone. */
  readonly alone?: ClaimedDelivery
}

/**
 * A delivery that is set aside if this worker dies, too, is tried alone: of those that were under way together when
 * workers died, only the one that they died of is set aside.
 */
export class LastTry {
  #awaited = false
  #running: ClaimedDelivery | undefined

  /** Whether there is one, but the worker has other work: it takes no more until that has ended. */
  get isAwaited(): boolean {
    return this.#awaited
  }

  /** Whether one is held: nothing else may begin. */
  get isRunning(): boolean {
    return this.#running !== undefined
  }

  /** @param isQuiet whether this worker has nothing else under way. */
  select(claimed: readonly ClaimedDelivery[], isQuiet: boolean): Selection {
    const lastTries = claimed.filter(({ delivery }) => delivery.crashes === MAX_CRASHES - 1)
    const [alone] = lastTries
    if (alone === undefined) return { kept: claimed, back: [] }
    const kept = isQuiet ? [alone] : claimed.filter(one => !lastTries.includes(one))
    const back = claimed.filter(one => !kept.includes(one)).map(one => toSettlement(givenBack(one)))
    return isQuiet ? { kept, back, alone } : { kept, back }
  }

  /** What was not kept is given back. */
  note({ back, alone }: Selection): void {
    this.#running = alone
    this.#awaited = alone === undefined && back.length > 0
  }

  /** How a delivery ended is written, or this worker has it no more. */
  ended(deliveryId: string): void {
    if (this.#running?.delivery.id === deliveryId) this.#running = undefined
  }

  /** A lane takes long: the others wait for it no more. */
  wentSlow(lane: string): void {
    if (this.#running?.delivery.lane === lane) this.#running = undefined
  }
}
