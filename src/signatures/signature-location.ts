import { trimBlanks } from '../bytes/trim-blanks.ts'
import { headerValues, type WebhookRequest } from '../model/http.ts'
import { type Refusal, refuse } from '../model/verification.ts'
import { invalidOption } from './invalid-option.ts'
import { type BodyReader, requireHeader } from './request-parts.ts'
import type { SignatureLocation } from './shape.ts'

/** What stood where the signature is expected. */
export interface LocatedSignature {
  /** Encoded signatures; any may match. */
  readonly candidates: readonly string[]
  /** Values by tag, where the location is a list or has fields. */
  readonly timestamp: string | undefined
}

/** More than any sender puts into one header; each candidate costs a comparison. */
const MAX_ITEMS = 32

/** RFC 9110, section 5.6.2: a token. */
const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/

/** @throws {WebhookError} `invalid_option`, naming the part that is wrong. */
export function checkLocation(location: SignatureLocation): void {
  if (typeof location !== 'object' || location === null) throw invalidOption('signature', 'must say where it stands')
  if ('bodyPath' in location) {
    if (!isText(location.bodyPath)) throw invalidOption('signature.bodyPath', 'is no path')
    return
  }
  const names: readonly unknown[] = Array.isArray(location.header) ? location.header : [location.header]
  if (names.length === 0 || !names.every(name => typeof name === 'string' && HEADER_NAME.test(name))) {
    throw invalidOption('signature.header', 'must be the name of a header')
  }
  if ('prefix' in location && typeof (location.prefix ?? '') !== 'string') {
    throw invalidOption('signature.prefix', 'is no text')
  }
  if ('list' in location && Object.values({ ...location.list }).filter(isText).length < 3) {
    throw invalidOption('signature.list', 'needs separator, tagSeparator and tag')
  }
  if ('fields' in location) checkFields(location)
}

function checkFields({ fields, separator, repeat, lists }: Fields): void {
  if (!Array.isArray(fields) || fields.filter(name => name === 'signature').length !== 1) {
    throw invalidOption('signature.fields', "must name one field 'signature'")
  }
  if (!isText(separator)) throw invalidOption('signature.separator', 'is empty')
  if (lists !== undefined && !isText(lists)) throw invalidOption('signature.lists', 'is empty')
  if (repeat && fields.at(-1) !== 'signature')
    throw invalidOption('signature.repeat', 'needs the signature as last field')
}

function isText(value: unknown): boolean {
  return typeof value === 'string' && value !== ''
}

/** Cuts the signatures, and the time where it stands beside them, out of the request. */
export function locateSignature(
  location: SignatureLocation,
  request: WebhookRequest,
  body: BodyReader,
  timestampTag: string | undefined,
): LocatedSignature | Refusal {
  if ('bodyPath' in location) {
    const value = body.textAt(location.bodyPath)
    return typeof value === 'string' ? { candidates: [value], timestamp: undefined } : value
  }
  if (!('list' in location) && !('fields' in location)) return locatePlain(location, request)
  const value = requireHeader(request, location.header)
  if (typeof value !== 'string') return value
  return 'list' in location ? splitList(location, value, timestampTag) : splitFields(location, value)
}

type Plain = Extract<SignatureLocation, { readonly prefix?: string }>
type List = Extract<SignatureLocation, { readonly list: unknown }>
type Fields = Extract<SignatureLocation, { readonly fields: unknown }>

function locatePlain({ header, prefix = '' }: Plain, request: WebhookRequest): LocatedSignature | Refusal {
  if (typeof header === 'string') {
    const value = requireHeader(request, header)
    if (typeof value !== 'string') return value
    if (!value.startsWith(prefix)) return malformed(header)
    return { candidates: [value.slice(prefix.length)], timestamp: undefined }
  }
  const values: string[] = []
  for (const name of header) {
    const [value, ...others] = headerValues(request.headers, name)
    if (others.length > 0) return refuse('duplicate_header', `the header ${name} came more than once`)
    if (value !== undefined && value !== '') values.push(value)
  }
  if (values.length === 0) return refuse('missing_header', `none of the headers ${header.join(', ')} is there`)
  const candidates = values.filter(value => value.startsWith(prefix)).map(value => value.slice(prefix.length))
  if (candidates.length === 0) return malformed(header.join(', '))
  return { candidates, timestamp: undefined }
}

function splitList(
  { header, list }: List,
  value: string,
  timestampTag: string | undefined,
): LocatedSignature | Refusal {
  const candidates: string[] = []
  let timestamp: string | undefined
  const items = value.split(list.separator, MAX_ITEMS + 1)
  if (items.length > MAX_ITEMS) return malformed(header)
  for (const item of items) {
    const trimmed = trimBlanks(item)
    const at = trimmed.indexOf(list.tagSeparator)
    if (at === -1) continue
    const [tag, content] = [trimmed.slice(0, at), trimmed.slice(at + list.tagSeparator.length)]
    if (tag === list.tag) candidates.push(content)
    if (tag === timestampTag) {
      // Two times would leave it open which one was signed.
      if (timestamp !== undefined) return malformed(header)
      timestamp = content
    }
  }
  return candidates.length === 0 ? malformed(header) : { candidates, timestamp }
}

function splitFields(location: Fields, value: string): LocatedSignature | Refusal {
  const groups = location.lists === undefined ? [value] : value.split(location.lists, MAX_ITEMS + 1)
  if (groups.length > MAX_ITEMS) return malformed(location.header)
  const candidates: string[] = []
  let timestamp: string | undefined
  for (const group of groups) {
    const fields = trimBlanks(group).split(location.separator, MAX_ITEMS + 1)
    const found = readFields(location, fields)
    if (found === undefined) continue
    // All groups must have been made at the same time: only one time can be checked.
    if (timestamp !== undefined && timestamp !== found.timestamp) return malformed(location.header)
    timestamp = found.timestamp
    candidates.push(...found.candidates)
  }
  return candidates.length === 0 || candidates.length > MAX_ITEMS
    ? malformed(location.header)
    : { candidates, timestamp }
}

function readFields({ fields: names, repeat }: Fields, fields: readonly string[]): LocatedSignature | undefined {
  const fits = repeat ? fields.length >= names.length : fields.length === names.length
  if (!fits) return undefined
  const candidates: string[] = []
  let timestamp: string | undefined
  for (const [i, value] of fields.entries()) {
    const name = names[Math.min(i, names.length - 1)]
    if (name === 'signature') candidates.push(value)
    else if (name === 'timestamp') timestamp = value
    else if (name !== '*' && name !== value) return undefined
  }
  return { candidates, timestamp }
}

/** The header value that carries signatures; the opposite of {@link locateSignature}. */
export function placeSignature(
  location: SignatureLocation,
  signatures: readonly string[],
  timestamp: { readonly tag: string | undefined; readonly text: string | undefined },
): Readonly<Record<string, string>> {
  if ('bodyPath' in location) throw invalidOption('signature', 'stands in the body, where sign() cannot put it')
  const [first = ''] = signatures
  if ('list' in location) {
    const { separator, tagSeparator, tag } = location.list
    const items = signatures.map(signature => `${tag}${tagSeparator}${signature}`)
    if (timestamp.tag !== undefined) items.unshift(`${timestamp.tag}${tagSeparator}${timestamp.text ?? ''}`)
    return { [location.header]: items.join(separator) }
  }
  if ('fields' in location) {
    const values = location.fields.map(name =>
      name === 'signature' ? first : name === 'timestamp' ? (timestamp.text ?? '') : name,
    )
    const more = location.repeat ? signatures.slice(1) : []
    return { [location.header]: [...values, ...more].join(location.separator) }
  }
  const prefix = location.prefix ?? ''
  if (typeof location.header === 'string') return { [location.header]: prefix + first }
  return Object.fromEntries(
    location.header.slice(0, signatures.length).map((name, i) => [name, prefix + (signatures[i] ?? '')]),
  )
}

function malformed(header: string): Refusal {
  return refuse('malformed_signature', `the header ${header} does not have the expected form`)
}
