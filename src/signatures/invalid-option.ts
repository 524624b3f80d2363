import { WebhookError } from '../errors.ts'

/** A scheme was described wrongly. */
export function invalidOption(argument: string, problem: string): WebhookError {
  return new WebhookError('invalid_option', `${argument} ${problem}`, { argument })
}
