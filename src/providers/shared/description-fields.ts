import type { EventMap } from '../../model/event.ts'
import type { FieldTable } from '../../model/known-fields.ts'
import type { ProviderDescription } from '../describe.ts'

/** Everything that a description may hold. */
export const DESCRIPTION_FIELDS: FieldTable<ProviderDescription<EventMap>> = {
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
