import { WebhookError } from '../../errors.ts'
import type { Attempt } from '../../model/delivery.ts'
import { csvHeader, csvLine } from './csv.ts'
import { curlCommand } from './curl.ts'

/**
 * How the exchange log is written out: `ndjson` has a stored attempt on each line; `json` is a list of
 * `{ id, timestamp, direction, request, response, metadata }`; `csv` follows RFC 4180 and is safe to open in a
 * spreadsheet; `curl` has the requests as shell commands, without what was masked.
 */
export type ExportFormat = 'ndjson' | 'csv' | 'json' | 'curl'

/**
 * Writes attempts out, piece by piece.
 *
 * @throws {WebhookError} `invalid_option` for a format that is none.
 * @example for await (const text of exportAttempts(page.items, 'csv')) response.write(text)
 */
export function exportAttempts(
  attempts: AsyncIterable<Attempt> | Iterable<Attempt>,
  format: ExportFormat,
): AsyncGenerator<string, void, undefined> {
  if (!Object.hasOwn(FORMATS, format)) {
    const known = Object.keys(FORMATS).join(', ')
    throw new WebhookError('invalid_option', `export: format must be one of ${known}`, { argument: 'format' })
  }
  return write(attempts, FORMATS[format])
}

async function* write(
  attempts: AsyncIterable<Attempt> | Iterable<Attempt>,
  { before, one, between, after }: Writer,
): AsyncGenerator<string, void, undefined> {
  let separator = before
  for await (const attempt of attempts) {
    yield separator + one(attempt)
    separator = between
  }
  const end = (separator === before ? before : '') + after
  if (end !== '') yield end
}

interface Writer {
  readonly before: string
  readonly between: string
  readonly after: string
  one(attempt: Attempt): string
}

const FORMATS: Readonly<Record<ExportFormat, Writer>> = {
  ndjson: { before: '', between: '', after: '', one: attempt => `${JSON.stringify(attempt)}\n` },
  csv: { before: csvHeader(), between: '', after: '', one: csvLine },
  json: { before: '[', between: ',\n', after: ']\n', one: toJson },
  curl: { before: '', between: '\n', after: '', one: curlCommand },
}

function toJson(attempt: Attempt): string {
  const { id, direction, method, url, requestHeaders, requestBody, status, responseHeaders, responseBody } = attempt
  const request = { method, url, headers: requestHeaders }
  const response = { status_code: status ?? null, headers: responseHeaders, latency_ms: attempt.durationMs }
  const metadata = {
    attempt: attempt.number,
    is_test: attempt.isTest,
    is_successful: attempt.outcome === 'succeeded',
    error_class: attempt.errorCode ?? null,
    error_message: attempt.errorMessage ?? null,
    correlation_id: attempt.deliveryId ?? null,
    event_id: attempt.eventId ?? null,
    event_type: attempt.eventType ?? null,
    endpoint_id: attempt.endpointId,
    tenant: attempt.tenant ?? null,
    subject: attempt.subject ?? null,
    external_id: attempt.externalId ?? null,
  }
  const head = JSON.stringify({ id, timestamp: new Date(attempt.startedAtMs).toISOString(), direction }).slice(0, -1)
  return (
    `${head},"request":${withBody(request, requestBody)},` +
    `"response":${withBody(response, responseBody)},"metadata":${JSON.stringify(metadata)}}`
  )
}

/** A JSON body goes in as it was sent, so that no digit of a long number changes; anything else as text. */
function withBody(part: object, body: string): string {
  return `${JSON.stringify(part).slice(0, -1)},"body":${isJson(body) ? body : JSON.stringify(body)}}`
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
