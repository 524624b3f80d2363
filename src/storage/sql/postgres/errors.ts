import { WebhookError, type WebhookErrorCode } from '../../../errors.ts'

/** SQLSTATEs that say something of the database itself. https://www.postgresql.org/docs/current/errcodes-appendix.html */
const CODES: Readonly<Record<string, WebhookErrorCode>> = {
  '25006': 'store_read_only',
  '53100': 'store_full',
  '42P01': 'store_schema',
  '3F000': 'store_schema',
}
/** Bad data, violated constraints, and statements that the server does not understand. */
const REFUSED = /^(22|23|42)/

/** An error of the client or of the server as ours. The server's message names tables and columns, never values. */
export function toStoreError(error: unknown): WebhookError {
  if (error instanceof WebhookError) return error
  const code = stateOf(error)
  const refused = REFUSED.test(code) || error instanceof TypeError
  const message = error instanceof Error ? error.message : 'the query failed'
  return new WebhookError(
    CODES[code] ?? (refused ? 'store_refused' : 'store_unavailable'),
    `PostgreSQL: ${message || code}`,
    { cause: error },
  )
}

/** Whether the server undid a transaction for the sake of another one: it can be tried again at once. */
export function isConflict(error: unknown): boolean {
  return ['40001', '40P01'].includes(stateOf(error instanceof WebhookError ? error.cause : error))
}

function stateOf(error: unknown): string {
  const code = (error as { readonly code?: unknown } | null | undefined)?.code
  return typeof code === 'string' ? code : ''
}
