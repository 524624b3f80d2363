import type { Settlement } from './settle.ts'

/** How many interim answers (1xx) are borne. */
const MAX_INTERIM = 20

/** Counts the interim answers of an exchange; one that sends them without end has failed. */
export function interimCounter(settlement: Settlement): () => void {
  let count = 0
  return () => {
    if (++count > MAX_INTERIM) settlement.fail({ code: 'malformed_response', message: 'too many interim answers' })
  }
}
