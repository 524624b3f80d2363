import { systemClock } from '../clock.ts'
import type { MaybePromise } from '../model/verification.ts'
import type { Store } from '../storage/store.ts'
import { attemptCases } from './store-contract/attempts.ts'
import { claimCases } from './store-contract/claim.ts'
import { dedupeCases } from './store-contract/dedupe.ts'
import { endpointCases } from './store-contract/endpoints.ts'
import { enqueueCases } from './store-contract/enqueue.ts'
import { failureCases } from './store-contract/failures.ts'
import { leaseCases } from './store-contract/leases.ts'
import { listCases } from './store-contract/lists.ts'
import { manageCases } from './store-contract/manage.ts'
import { orderCases } from './store-contract/order.ts'
import { settleCases } from './store-contract/settle.ts'
import { type Cases, type ContractRunner, withStore } from './store-contract/support.ts'

export type { ContractRunner } from './store-contract/support.ts'

/**
 * The definition of a correct {@link Store}, as tests for the runner that is handed in. Run it against a store of your
 * own before you trust it.
 *
 * @param createStore makes an empty store, for each test a new one; the tests start and close it.
 * @example
 * import { describe, expect, it } from 'vitest'
 * storeContract(() => postgresStore(freshDatabase()), { describe, it, expect })
 */
export function storeContract(createStore: () => MaybePromise<Store>, runner: ContractRunner): void {
  const { describe, it, expect, clock = systemClock } = runner
  const cases: Cases = {
    describe: (name, define) => describe(name, define),
    expect: actual => expect(actual),
    test: (name, body) => it(name, () => withStore(createStore, body)),
    now: () => clock.now(),
  }
  enqueueCases(cases)
  claimCases(cases)
  orderCases(cases)
  settleCases(cases)
  leaseCases(cases)
  listCases(cases)
  manageCases(cases)
  failureCases(cases)
  endpointCases(cases)
  attemptCases(cases)
  dedupeCases(cases)
}
