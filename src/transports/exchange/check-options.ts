import { WebhookError } from '../../errors.ts'
import { checkOptions } from '../../model/known-fields.ts'
import type { AddressGuard } from '../address-guard.ts'

/** @throws {WebhookError} `invalid_option`, naming an option that is not known, or a guard that stands outside of them. */
export function checkTransportOptions(where: string, options: object, known: readonly string[]): void {
  if ('checkUrl' in Object(options)) throw wrongGuard(where, `stands in an object: ${where}({ guard })`)
  checkOptions(options, known, where)
}

/** @throws {WebhookError} `invalid_option` for what is no guard. */
export function checkGuard(where: string, guard: AddressGuard): void {
  const parts = [guard?.check, guard?.checkUrl, guard?.resolve]
  if (!parts.every(part => typeof part === 'function')) throw wrongGuard(where, 'must be made by createAddressGuard')
}

function wrongGuard(where: string, problem: string): WebhookError {
  return new WebhookError('invalid_option', `${where}: guard ${problem}`, { argument: 'guard' })
}
