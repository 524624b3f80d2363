import { WebhookError } from '../../errors.ts'
import type { EventMap } from '../../model/event.ts'
import { checkOptions, type FieldTable } from '../../model/known-fields.ts'
import type { ProviderDescription } from '../describe.ts'

const FIELDS: FieldTable<ProviderDescription<EventMap>> = {
  name: true,
  verifier: true,
  methods: true,
  timeoutSeconds: true,
  deduplicate: true,
  challenge: true,
  unsignedChallenge: true,
  respond: true,
  format: true,
  split: true,
  id: true,
  idSource: true,
  type: true,
  types: true,
  canonical: true,
  recordId: true,
  time: true,
  attempt: true,
  firstAttempt: true,
  data: true,
  checks: true,
  expectsReply: true,
}

/** @throws {WebhookError} `invalid_option` for a field that nobody reads, and for a look-up that is none. */
export function checkDescription<Events extends EventMap>(description: ProviderDescription<Events>): void {
  checkOptions(description, Object.keys(FIELDS), 'describeProvider')
  for (const argument of ['type', 'id', 'recordId', 'time', 'attempt'] as const) {
    const lookup: unknown = description[argument]
    if (typeof lookup === 'function' || (lookup === undefined && argument !== 'type')) continue
    const message = `describeProvider: ${argument} must be a look-up, such as path('data.${argument}') or header('x-${argument}')`
    throw new WebhookError('invalid_option', message, { argument })
  }
}
