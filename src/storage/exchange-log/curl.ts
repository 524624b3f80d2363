import type { Attempt } from '../../model/delivery.ts'
import { MASK } from './secret-names.ts'
import { visibleLine } from './visible-text.ts'

/** The request as a command for a POSIX shell. What was masked is left out, or named, in a comment. */
export function curlCommand(attempt: Attempt): string {
  const { direction, outcome, method, url, requestHeaders, requestBody, startedAtMs, status } = attempt
  const when = new Date(startedAtMs).toISOString()
  const comments = [`${attempt.id} ${when}: ${outcome}${status === undefined ? '' : ` (HTTP ${status})`}`]
  const words = ['curl --globoff', `--request ${quote(method)}`, `--url ${quote(url)}`]
  if (url.includes(MASK)) comments.push('the URL is masked')
  const isBrief = direction === 'outbound' && outcome === 'succeeded' && Object.keys(requestHeaders).length === 0
  if (isBrief) comments.push('headers and body were not kept')
  for (const [name, value] of Object.entries(requestHeaders)) {
    if (SET_BY_CURL.has(name.toLowerCase())) continue
    if (value.includes(MASK)) comments.push(`masked and left out: ${name}`)
    else if (!TOKEN.test(name)) comments.push(`not a header, left out: ${name}`)
    else words.push(`--header ${quote(value === '' ? `${name};` : `${name}: ${visibleLine(value)}`)}`)
  }
  if (requestBody !== '') words.push(`--data-raw ${quote(requestBody)}`)
  if (requestBody.includes(MASK)) comments.push('the body is masked in parts')
  return `${comments.map(line => `# ${visibleLine(line)}\n`).join('')}${words.join(' \\\n  ')}\n`
}

const SET_BY_CURL = new Set(['content-length', 'host', 'connection', 'transfer-encoding'])
/** RFC 9110 section 5.6.2. */
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/

/** Nothing is special between single quotes, but the quote. */
function quote(text: string): string {
  return `'${text.replaceAll('\u0000', '').replaceAll("'", "'\\''")}'`
}
