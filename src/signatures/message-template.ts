import type { WebhookRequest } from '../model/http.ts'
import type { Refusal } from '../model/verification.ts'
import { invalidOption } from './invalid-option.ts'
import { type BodyReader, isRefusal, requireHeader, sortedForm } from './request-parts.ts'

/** One part of the signed text. */
type Part =
  | { readonly kind: 'literal'; readonly text: string }
  | { readonly kind: 'body' | 'timestamp' | 'url' | 'method' | 'secret' | 'form' }
  | { readonly kind: 'header' | 'bodyPath'; readonly name: string }

/** The signed text, taken apart once. */
export type MessageTemplate = readonly Part[]

/** What the parts are filled from. */
export interface MessageSource {
  readonly request: WebhookRequest
  readonly body: BodyReader
  /** As it was received. */
  readonly timestamp: string | undefined
  readonly url: string | undefined
  readonly secret?: Uint8Array
}

const PLAIN = new Set(['body', 'timestamp', 'url', 'method', 'secret', 'form'])

/** @throws {WebhookError} `invalid_option` for an unknown name or a brace that is not closed. */
export function parseMessageTemplate(text: string): MessageTemplate {
  if (typeof text !== 'string') throw invalidOption('message', 'is no text')
  const parts: Part[] = []
  let at = 0
  while (at < text.length) {
    const open = text.indexOf('{', at)
    const end = open === -1 ? text.length : open
    if (end > at) parts.push({ kind: 'literal', text: text.slice(at, end) })
    if (open === -1) break
    const close = text.indexOf('}', open)
    if (close === -1) throw invalidOption('message', `has a brace that is not closed: ${text}`)
    parts.push(parsePart(text.slice(open + 1, close)))
    at = close + 1
  }
  return parts
}

function parsePart(name: string): Part {
  if (PLAIN.has(name)) return { kind: name as 'body' | 'timestamp' | 'url' | 'method' | 'secret' | 'form' }
  const [kind, argument] = [name.slice(0, name.indexOf(':')), name.slice(name.indexOf(':') + 1)]
  if ((kind === 'header' || kind === 'bodyPath') && argument !== '') {
    return { kind, name: kind === 'header' ? argument.toLowerCase() : argument }
  }
  const known = '{body}, {timestamp}, {url}, {method}, {secret}, {form}, {header:name} and {bodyPath:path}'
  throw invalidOption('message', `has an unknown part {${name}}; there are ${known}`)
}

/** Whether the template has a part of a kind. */
export function usesPart(template: MessageTemplate, kind: Part['kind']): boolean {
  return template.some(part => part.kind === kind)
}

/** The signed text in pieces, or what is missing for it. */
export function fillMessage(
  template: MessageTemplate,
  source: MessageSource,
): ReadonlyArray<string | Uint8Array> | Refusal {
  const pieces: Array<string | Uint8Array> = []
  for (const part of template) {
    const piece = fillPart(part, source)
    if (isRefusal(piece)) return piece
    pieces.push(piece)
  }
  return pieces
}

function fillPart(part: Part, source: MessageSource): string | Uint8Array | Refusal {
  switch (part.kind) {
    case 'literal':
      return part.text
    case 'body':
      return source.request.body
    case 'timestamp':
      return source.timestamp ?? ''
    case 'url':
      return source.url ?? source.request.url
    case 'method':
      return source.request.method
    case 'secret':
      return source.secret ?? ''
    case 'form':
      return sortedForm(source.request.body)
    case 'header':
      return requireHeader(source.request, part.name)
    case 'bodyPath':
      return source.body.textAt(part.name)
  }
}
