import type { WebhookError } from 'crm-webhooks'
import { expect } from 'vitest'

/** What an error for a wrong option looks like. */
export const invalidOption = (argument: string, message = ''): WebhookError =>
  expect.objectContaining({
    code: 'invalid_option',
    argument,
    message: expect.stringContaining(message) as string,
  }) as WebhookError
