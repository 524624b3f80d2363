import { encodeBase64, utf8 } from '../bytes/encoding.ts'
import type { Delivery, StoredEvent } from '../model/delivery.ts'
import type { Endpoint, EndpointAuth } from '../model/endpoint.ts'
import { HEADER_NAME, isProtectedHeader } from '../model/header-names.ts'
import type { RenderedRequest } from './render.ts'

const MAX_HEADERS = 50
const MAX_VALUE = 4_096

/** Headers that carry a signature unless the endpoint names another. */
const SIGNATURE_HEADERS = new Set(['webhook-signature', 'x-webhook-signature'])

/** Whether a signature may be put into this header: not where the message or the connection needs it for itself. */
export function canCarrySignature(name: string): boolean {
  return SIGNATURE_HEADERS.has(name.toLowerCase()) || !isProtectedHeader(name)
}

/** What is wrong with custom headers, naming the one at fault; `undefined` when they are sound. */
export function checkHeaders(headers: unknown, signatureHeader: string): string | undefined {
  if (typeof headers !== 'object' || headers === null || Array.isArray(headers)) return 'must be an object'
  const entries = Object.entries(headers)
  if (entries.length > MAX_HEADERS) return `must not have more than ${MAX_HEADERS} entries`
  for (const [name, value] of entries) {
    const problem = checkHeaderName(name, signatureHeader)
    if (problem !== undefined) return problem
    const quoted = JSON.stringify(name)
    if (typeof value !== 'string') return `has a value that is no text: ${quoted}`
    if (value.length > MAX_VALUE) return `has a value longer than ${MAX_VALUE} characters: ${quoted}`
    if (!/^[\t\x20-\x7e\xa0-\xff]*$/.test(value) || value !== value.trim()) {
      return `has a value with line breaks, control characters, characters beyond Latin-1 or outer spaces: ${quoted}`
    }
  }
  return undefined
}

/** Why neither an endpoint nor its preset may set this header; `undefined` when they may. */
export function checkHeaderName(name: string, signatureHeader: string): string | undefined {
  const quoted = JSON.stringify(name.slice(0, 60))
  if (!HEADER_NAME.test(name)) return `has a name that HTTP does not allow: ${quoted}`
  const signature = signatureHeader.toLowerCase()
  const isProtected = isProtectedHeader(name) || [signature, `${signature}-previous`].includes(name.toLowerCase())
  return isProtected ? `cannot replace the protected header ${quoted}` : undefined
}

/** The headers of an attempt, but for the signature. Later ones win; neither endpoint nor preset replaces ours. */
export function attemptHeaders(
  endpoint: Pick<Endpoint, 'headers' | 'auth'>,
  event: Pick<StoredEvent, 'id' | 'type'>,
  delivery: Pick<Delivery, 'id' | 'attempts'>,
  request: Pick<RenderedRequest, 'headers' | 'body'>,
  userAgent: string,
  nowMs: number,
): Record<string, string> {
  const headers: Record<string, string> = { 'User-Agent': userAgent }
  putHeaders(headers, endpoint.headers)
  const auth = authHeader(endpoint.auth)
  if (auth !== undefined) put(headers, auth[0], auth[1])
  for (const [name, value] of Object.entries(request.headers)) if (!isProtectedHeader(name)) put(headers, name, value)
  headers['Content-Type'] = request.body.contentType
  headers['webhook-id'] = event.id
  headers['webhook-timestamp'] = String(Math.floor(nowMs / 1000))
  headers['X-Webhook-Event'] = event.type
  headers['X-Webhook-Delivery-Id'] = delivery.id
  headers['X-Webhook-Attempt'] = String(delivery.attempts + 1)
  return headers
}

/** Sets headers on top of others, whatever the case of either: no name goes out twice. */
export function putHeaders(headers: Record<string, string>, added: Readonly<Record<string, string>>): void {
  for (const name of Object.keys(added)) put(headers, name, added[name] ?? '')
}

/** Sets a header whatever the case of one that is there. */
function put(headers: Record<string, string>, name: string, value: string): void {
  if (!Object.hasOwn(headers, name)) {
    const lower = name.toLowerCase()
    for (const other of Object.keys(headers)) {
      if (other.length === name.length && other.toLowerCase() === lower) delete headers[other]
    }
  }
  headers[name] = value
}

/** The header of an endpoint's authorisation. */
export function authHeader(auth: EndpointAuth): readonly [string, string] | undefined {
  switch (auth.type) {
    case 'none':
      return undefined
    case 'basic':
      return ['Authorization', `Basic ${encodeBase64(utf8(`${auth.username}:${auth.password}`))}`]
    case 'bearer':
      return ['Authorization', `Bearer ${auth.token}`]
    case 'apiKey':
      return [auth.header, auth.key]
  }
}
