import { WebhookError } from '../errors.ts'

/** A scheme was described wrongly. */
export function invalidOption(argument: string, problem: string): WebhookError {
  return new WebhookError('invalid_option', `${argument} ${problem}`, { argument })
}

/** @throws {WebhookError} `invalid_option` for anything but an object. */
export function requireObject(argument: string, value: unknown): void {
  if (typeof value !== 'object' || value === null) throw invalidOption(argument, 'is no object')
}
