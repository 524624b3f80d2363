import { utf8 } from '../../bytes/encoding.ts'
import { parseJson } from '../../bytes/json.ts'
import { cleanLine, clip } from './text.ts'
import { isRecord, valueAt } from './value-at.ts'

const MAX_ERROR = 500
const MAX_ID = 100

/** A body as JSON; `undefined` when it is none. */
export function parseBody(body: string): unknown {
  const result = parseJson(utf8(body))
  return result.ok ? result.value : undefined
}

/** Whether a body is a web page: a log-in form, a proxy's error, a sleeping instance. */
export function isHtml(body: string): boolean {
  return /^\s{0,100}<(?:!doctype|html|head|body)/i.test(body)
}

/**
 * One line that says what a value tells of an error, at most 500 characters: the text itself, or the first of the
 * members that usually hold it, or its JSON.
 */
export function errorText(value: unknown): string {
  return clip(cleanLine(describe(value, 0)), MAX_ERROR)
}

const MESSAGE_KEYS = ['message', 'msg', 'description', 'text', 'detail', 'error_message', 'errorMessage', 'reason']

function describe(value: unknown, depth: number): string {
  if (typeof value === 'string') return value
  if (value === undefined || value === null) return ''
  if (isRecord(value) && depth < 4) {
    for (const key of [...MESSAGE_KEYS, 'error', 'errors']) {
      const inner = Object.hasOwn(value, key) ? value[key] : undefined
      if (isEmpty(inner)) continue
      const text = describe(Array.isArray(inner) ? inner[0] : inner, depth + 1)
      if (text !== '') return text
    }
  }
  return JSON.stringify(value) ?? ''
}

/** What a body says of an error, be it JSON, text or a web page. */
export function bodyErrorText(body: string): string {
  const json = parseBody(body)
  if (json !== undefined) return errorText(json)
  if (!isHtml(body)) return errorText(body)
  const from = body.search(/<title>/i)
  const title = from === -1 ? '' : (body.slice(from + 7, from + 207).split('<', 1)[0] ?? '')
  return errorText(title.trim() === '' ? 'an HTML page' : `an HTML page: ${title}`)
}

/** An error inside an answer whose status says success. */
export interface SemanticError {
  readonly message: string
  /** Which rule found it: `error`, `errors`, `success`, `status`, … */
  readonly found: string
  /** The status that the body names. */
  readonly status?: number
}

const FAILED_STATUS = /^(?:failed|failure|error|rejected|denied|invalid)$/i

/**
 * Looks for an error in the body of a 2xx answer: `error`, `errors`, `error_message`, `success` or `ok` false, a
 * numeric `status` from 400, a `status` that names a failure (unless the answer also gives an id: then it is the
 * state of a record), `exception`, `fault`. An empty value, `false` and 0 are no errors.
 */
export function semanticError(body: unknown): SemanticError | undefined {
  if (!isRecord(body)) return undefined
  const status = httpStatus(body.status) ?? httpStatus(body.statusCode)
  const found = findError(body, status)
  if (found === undefined) return undefined
  const own = body[found]
  const telling = typeof own === 'object' || (typeof own === 'string' && found !== 'status')
  const message = errorText(telling ? (Array.isArray(own) ? own[0] : own) : { ...body, [found]: undefined })
  return { found, message, ...(status !== undefined && { status }) }
}

function findError(body: Readonly<Record<string, unknown>>, status: number | undefined): string | undefined {
  for (const key of ['error', 'errors', 'error_message']) if (!isEmpty(member(body, key))) return key
  for (const key of ['success', 'ok']) if (member(body, key) === false) return key
  if (status !== undefined) return 'status'
  const state = member(body, 'status')
  if (typeof state === 'string' && FAILED_STATUS.test(state) && externalId(body) === undefined) return 'status'
  return ['exception', 'fault'].find(key => !isEmpty(member(body, key)))
}

function httpStatus(value: unknown): number | undefined {
  return typeof value === 'number' && value >= 400 && value <= 599 ? value : undefined
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === '' || value === false || value === 0) return true
  return typeof value === 'object' && Object.keys(value).length === 0
}

const ID_KEYS = [
  'id',
  'key',
  'ticket_id',
  'number',
  'issue_id',
  'case_id',
  'sys_id',
  'issueKey',
  'ticketId',
  'TicketNumber',
  'TicketID',
]
const WRAPPERS = ['result', 'ticket', 'issue', 'case', 'data']

/** The id of what was created: the first usual key that holds one, at the top or inside the usual wrappers. */
export function externalId(body: unknown): string | undefined {
  for (const place of [body, ...WRAPPERS.map(key => member(body, key))]) {
    for (const key of ID_KEYS) {
      const id = idText(member(place, key))
      if (id !== undefined) return id
    }
  }
  return undefined
}

/** An id as one line of at most 100 characters; `undefined` for anything but a text or a number. */
export function idText(value: unknown): string | undefined {
  if (typeof value !== 'string' && typeof value !== 'number') return undefined
  const id = clip(cleanLine(String(value)), MAX_ID)
  return id === '' ? undefined : id
}

function member(value: unknown, key: string): unknown {
  return isRecord(value) ? valueAt(value, key) : undefined
}
