import type { ClaimedDelivery, Settlement } from '../storage/store.ts'
import { givenBack, MAX_CRASHES } from './outcomes.ts'
import { toSettlement } from './settler.ts'

/** So many times its slots a worker holds, while something is among it that a worker died with. */
const CAREFUL_FACTOR = 4

/** What is made of a claim. */
export interface Selection {
  readonly kept: readonly ClaimedDelivery[]
  /** To be given back before any of the others begins: a death of this worker must not be put down to them. */
  readonly back: readonly Settlement[]
  /** The only one that is kept, because it is to be tried alone. */
  readonly alone?: ClaimedDelivery
  /** Whether one that is to be tried alone has to wait for the others. */
  readonly awaited: boolean
}

/**
 * A delivery that is set aside if this worker dies, too, is tried alone: of those that were under way together when
 * workers died, only the one that they died of is set aside.
 */
export class LastTry {
  #awaited = false
  #running: ClaimedDelivery | undefined
  /** What is held of those that a worker died with. */
  readonly #suspects = new Set<string>()

  /** Whether there is one, but the worker has other work: it takes no more until that has ended. */
  get isAwaited(): boolean {
    return this.#awaited
  }

  /** Whether one is held: nothing else may begin. */
  get isRunning(): boolean {
    return this.#running !== undefined
  }

  /** Whether either is so. */
  get isPending(): boolean {
    return this.isAwaited || this.isRunning
  }

  /** How many times its slots a worker may hold: what it dies with while it holds suspects may be tried alone. */
  get heldFactor(): number {
    return this.#suspects.size > 0 ? CAREFUL_FACTOR : Number.POSITIVE_INFINITY
  }

  /** @param isQuiet whether this worker has nothing else under way. */
  select(claimed: readonly ClaimedDelivery[], isQuiet: boolean, slots: number): Selection {
    const suspects = claimed.filter(({ delivery }) => delivery.crashes > 0)
    if (suspects.length === 0) return { kept: claimed, back: [], awaited: false }
    const lastTries = suspects.filter(({ delivery }) => delivery.crashes === MAX_CRASHES - 1)
    const [alone] = lastTries
    if (alone !== undefined && isQuiet) return { ...divide(claimed, one => one === alone), alone, awaited: false }
    const refused = new Set([...lastTries, ...suspects.slice(CAREFUL_FACTOR * slots)])
    return { ...divide(claimed, one => !refused.has(one)), awaited: alone !== undefined }
  }

  /** What was not kept is given back. */
  note({ kept, alone, awaited }: Selection): void {
    this.#running = alone
    this.#awaited = awaited
    for (const { delivery } of kept) if (delivery.crashes > 0) this.#suspects.add(delivery.id)
  }

  /** How a delivery ended is written, or this worker has it no more. */
  ended(deliveryId: string): void {
    this.#suspects.delete(deliveryId)
    if (this.#running?.delivery.id === deliveryId) this.#running = undefined
  }

  /** A lane takes long: the others wait for it no more. */
  wentSlow(lane: string): void {
    if (this.#running?.delivery.lane === lane) this.#running = undefined
  }
}

function divide(
  claimed: readonly ClaimedDelivery[],
  keep: (one: ClaimedDelivery) => boolean,
): Pick<Selection, 'kept' | 'back'> {
  return {
    kept: claimed.filter(keep),
    back: claimed.filter(one => !keep(one)).map(one => toSettlement(givenBack(one))),
  }
}
