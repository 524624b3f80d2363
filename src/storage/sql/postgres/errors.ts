import { WebhookError, type WebhookErrorCode } from '../../../errors.ts'

/** SQLSTATEs that say something of the database itself. https://www.postgresql.org/docs/current/errcodes-appendix.html */
const CODES: Readonly<Record<string, WebhookErrorCode>> = {
  '25006': 'store_read_only',
  '25P02': 'store_refused',
  '53100': 'store_full',
  '42P01': 'store_schema',
  '3F000': 'store_schema',
}
/** What can be done, where the server does not say it. */
const HINTS: Readonly<Record<string, string>> = {
  '42501':
    '. Where the role may not make tables, run what migrationSql() prints as another one, and grant it their use',
}
/** Bad data, violated constraints, statements that the server does not understand, limits, and what triggers raise. */
const REFUSED = /^(22|23|42|44|54|P0)/
/** With a message that may repeat a value. */
const QUOTES_VALUE = /^(22|P0)/
/** With details that hold whole rows. */
const HAS_ROWS = /^(22|23|44|P0)/

/** The server's own word on a statement: it was undone. Not so when it is about the connection, or shuts down. */
const ANSWERED = /^(?!08|57P0)(?=.*\d)[0-9A-Z]{5}$/

/**
 * An error of the client or of the server as ours. Its message names tables and columns, never values: where the
 * server's own might, only the code is handed on.
 *
 * @param sent whether something was sent that may have been written although nothing was answered.
 */
export function toStoreError(error: unknown, sent = false): WebhookError {
  if (error instanceof WebhookError) return error
  const code = stateOf(error)
  const said = QUOTES_VALUE.test(code) ? `a value was refused (${code})` : error instanceof Error ? error.message : ''
  const message = `PostgreSQL: ${said || code || 'the query failed'}${HINTS[code] ?? ''}`
  if (sent && !isAnswer(error) && !(error instanceof TypeError)) {
    return new WebhookError('store_outcome_unknown', `${message}: what was to be written may have been`, {
      cause: error,
    })
  }
  const refused = REFUSED.test(code) || error instanceof TypeError
  const cause = HAS_ROWS.test(code) ? { code } : error
  return new WebhookError(CODES[code] ?? (refused ? 'store_refused' : 'store_unavailable'), message, { cause })
}

/** Whether the server itself refused a statement. What is fatal is about the connection, or a new one. */
export function isAnswer(error: unknown): boolean {
  const { severity } = (error ?? {}) as { readonly severity?: unknown }
  return severity !== 'FATAL' && ANSWERED.test(stateOf(error))
}

/** Whether the server undid a transaction for the sake of another one: it can be tried again at once. */
export function isConflict(error: unknown): boolean {
  return ['40001', '40P01'].includes(stateOf(error instanceof WebhookError ? error.cause : error))
}

/** Whether something was given up because somebody else had locked what it needs. */
export function isLocked(error: unknown): boolean {
  return stateOf(error instanceof WebhookError ? error.cause : error) === '55P03'
}

function stateOf(error: unknown): string {
  const code = (error as { readonly code?: unknown } | null | undefined)?.code
  return typeof code === 'string' ? code : ''
}

/** A client of `pg` that is not connected keeps what it is asked, and never says so. */
export function withConnectHint(error: unknown): unknown {
  if (!(error instanceof WebhookError) || !error.message.includes('no answer within')) return error
  const hint = 'Was connect() called on the client? A pool connects by itself'
  return new WebhookError(error.code, `${error.message}. ${hint}`, { cause: error.cause })
}
