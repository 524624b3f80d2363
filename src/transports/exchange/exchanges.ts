import type { Clock } from '../../clock.ts'
import { inStep } from '../../model/in-step.ts'
import type { AddressGuard, UrlResult } from '../address-guard.ts'
import type { TransportRequest, TransportResult } from '../transport.ts'
import type { Failure } from './failure.ts'
import { refusalFailure } from './pinned-lookup.ts'
import { findRequestProblem } from './request-check.ts'
import { Settlement } from './settle.ts'

/** Where a request goes: the URL, and the address when its host is one. */
export type Target = Extract<UrlResult, { ok: true }>

/** The exchanges of a transport that are under way, and what every one of them begins with. */
export class Exchanges {
  readonly #guard: AddressGuard
  readonly #clock: Clock
  /**
   * In no order: the last one takes the place of one that ends. A `Set` that changes with every request grows the old
   * generation of the heap, because its discarded tables keep each other alive.
   */
  readonly #active: Settlement[] = []
  #closed = false

  constructor(guard: AddressGuard, clock: Clock) {
    this.#guard = guard
    this.#clock = clock
  }

  /** Checks a request and lets `run` perform it. Whatever is thrown becomes the result. */
  start(request: TransportRequest, run: (settlement: Settlement, target: Target) => void): Promise<TransportResult> {
    return new Promise(resolve => {
      const settlement = new Settlement(request, this.#clock, result => {
        this.#remove(settlement)
        inStep(() => resolve(result))
      })
      settlement.place = this.#active.push(settlement) - 1
      try {
        const checked = this.#check(request)
        if ('code' in checked) settlement.fail(checked)
        else run(settlement, checked)
      } catch (error) {
        settlement.failWith(error)
      }
    })
  }

  /** Ends everything as `aborted`, and whatever is still started. */
  close(): void {
    this.#closed = true
    for (const settlement of [...this.#active]) settlement.abort()
  }

  #remove(settlement: Settlement): void {
    const last = this.#active.pop()
    if (last === undefined || last === settlement) return
    this.#active[settlement.place] = last
    last.place = settlement.place
  }

  #check(request: TransportRequest): Target | Failure {
    if (this.#closed || request.signal?.aborted) return { code: 'aborted', message: 'the attempt was given up' }
    const problem = findRequestProblem(request)
    if (problem !== undefined) return { code: 'invalid_request', message: problem }
    const checked = this.#guard.checkUrl(request.url)
    return checked.ok ? checked : refusalFailure(checked)
  }
}
