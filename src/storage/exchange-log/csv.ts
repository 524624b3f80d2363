import type { Attempt } from '../../model/delivery.ts'

type Cell = string | number | boolean | undefined

const COLUMNS: ReadonlyArray<readonly [name: string, cell: (attempt: Attempt) => Cell]> = [
  ['id', attempt => attempt.id],
  ['timestamp', attempt => new Date(attempt.startedAtMs).toISOString()],
  ['direction', attempt => attempt.direction],
  ['tenant', attempt => attempt.tenant],
  ['endpoint_id', attempt => attempt.endpointId],
  ['event_id', attempt => attempt.eventId],
  ['event_type', attempt => attempt.eventType],
  ['subject', attempt => attempt.subject],
  ['delivery_id', attempt => attempt.deliveryId],
  ['attempt', attempt => attempt.number],
  ['outcome', attempt => attempt.outcome],
  ['status_code', attempt => attempt.status],
  ['duration_ms', attempt => attempt.durationMs],
  ['error_code', attempt => attempt.errorCode],
  ['error_message', attempt => attempt.errorMessage],
  ['external_id', attempt => attempt.externalId],
  ['is_test', attempt => attempt.isTest],
  ['method', attempt => attempt.method],
  ['url', attempt => attempt.url],
  ['request_headers', attempt => JSON.stringify(attempt.requestHeaders)],
  ['request_body', attempt => attempt.requestBody],
  ['response_headers', attempt => JSON.stringify(attempt.responseHeaders)],
  ['response_body', attempt => attempt.responseBody],
]

/** The names of the columns. */
export function csvHeader(): string {
  return toLine(COLUMNS.map(([name]) => name))
}

/** One line of CSV (RFC 4180): CRLF at the end, quoted where needed. */
export function csvLine(attempt: Attempt): string {
  return toLine(COLUMNS.map(([, cell]) => cell(attempt)))
}

function toLine(cells: readonly Cell[]): string {
  return `${cells.map(toField).join(',')}\r\n`
}

function toField(cell: Cell): string {
  if (typeof cell !== 'string') return cell === undefined ? '' : String(cell)
  const safe = guardFormula(cell)
  return /[",\r\n]|^\s|\s$/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}

/** Spreadsheets run what begins like a formula; an apostrophe in front makes it text (OWASP, CSV Injection). */
function guardFormula(text: string): string {
  return /^[=+\-@\t\r\n＝＋－＠]/.test(text) ? `'${text}` : text
}
