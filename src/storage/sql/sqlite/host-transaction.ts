import { WebhookError } from '../../../errors.ts'
import type { SqliteDriver } from './driver.ts'

/** Refuses what is handed over as a transaction and is not the handle on which it was begun. */
export function notOwnHandle(): WebhookError {
  return invalid('must be the handle of the store, which must have been started')
}

/** Refuses the store's handle when its transaction has ended, or was never begun. */
export function noTransactionOpen(): WebhookError {
  return invalid(
    'is a handle with no transaction open: publish between begin and commit, since the transaction() of the drivers ' +
      'ends without waiting for what is asynchronous in it',
  )
}

/** Who has kept a write waiting for too long. */
export function heldUp(driver: SqliteDriver | undefined): Error {
  return new Error(
    driver?.inTransaction
      ? "the store's own handle has had a transaction open for too long: hand it over as `transaction`, or commit it"
      : 'another connection has been writing for too long',
  )
}

function invalid(problem: string): WebhookError {
  return new WebhookError('invalid_option', `transaction ${problem}`, { argument: 'transaction' })
}
