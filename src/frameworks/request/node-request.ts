import type { BodyReader, BodyResult, HeadersInput, IncomingRequest } from '../../model/http.ts'
import { bytesOfParser, type ParsedBody } from './parsed-body.ts'
import { type BodyStream, readStream, wasRead } from './read-stream.ts'

/** `http.IncomingMessage` (or that of `http2`), as far as the adapters need it. */
export interface NodeRequest extends BodyStream {
  readonly method?: string | undefined
  readonly url?: string | undefined
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly rawHeaders?: readonly string[]
  readonly httpVersionMajor?: number
  readonly complete?: boolean
  /** Of HTTP/2. */
  readonly stream?: { once(event: string, listener: () => void): unknown; close(): void }
  readonly socket?: { readonly remoteAddress?: string | undefined; readonly encrypted?: boolean }
}

/** What a framework knows better than the Node request below it. */
export interface NodeRequestContext {
  /** As the sender addressed it. */
  readonly url: string
  /** What a parser left. */
  readonly parsed: ParsedBody
  /** Default: the request. */
  readonly stream?: BodyStream
  /** What to change when a parser was first. */
  readonly fix: string
}

/** A Node request in the receiver's terms. */
export function fromNodeRequest(request: NodeRequest, context: NodeRequestContext): IncomingRequest {
  return {
    method: request.method ?? 'GET',
    url: context.url,
    headers: exactHeaders(request),
    body: (maxBytes, stoppable) => readNodeBody(request, context, maxBytes, stoppable),
    remoteAddress: request.socket?.remoteAddress,
  }
}

/** Scheme and host of a request to a Node server that sits behind no proxy. */
export function nodeOrigin({ socket, headers }: NodeRequest): [scheme: string, host: string | undefined] {
  const secure = socket?.encrypted === true
  const host = headers.host ?? headers[':authority']
  return [secure ? 'https' : 'http', typeof host === 'string' ? host : undefined]
}

function readNodeBody(
  request: NodeRequest,
  context: NodeRequestContext,
  maxBytes: number,
  stoppable: Parameters<BodyReader>[1],
): Promise<BodyResult> {
  const bytes = bytesOfParser(context.parsed, request.headers)
  if (bytes !== undefined) return bytes.length > maxBytes ? tooLarge() : Promise.resolve({ ok: true, bytes })
  const stream = context.stream ?? request
  if (wasRead(stream)) return Promise.resolve({ ok: false, reason: 'already_parsed', message: context.fix })
  return Number(request.headers['content-length']) > maxBytes ? tooLarge() : readStream(stream, maxBytes, stoppable)
}

function tooLarge(): Promise<BodyResult> {
  return Promise.resolve({ ok: false, reason: 'too_large' })
}

/**
 * Node joins or drops repeated headers in `headers`. Where none is repeated it is exact, and it is there already;
 * else the pairs are taken. (`headersDistinct` costs more, and threw on a header `__proto__` in older versions.)
 */
function exactHeaders({ headers, rawHeaders }: NodeRequest): HeadersInput {
  if (rawHeaders === undefined) return headers
  // A repeated one that Node dropped may be made up for by one that a middleware added, so the number is not enough.
  if (rawHeaders.length === 2 * Object.keys(headers).length && !hasRepeated(rawHeaders)) return headers
  const pairs: Array<readonly [string, string]> = []
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) pairs.push([rawHeaders[i] ?? '', rawHeaders[i + 1] ?? ''])
  return pairs
}

function hasRepeated(rawHeaders: readonly string[]): boolean {
  const names = new Set<string>()
  for (let i = 0; i < rawHeaders.length; i += 2) names.add((rawHeaders[i] ?? '').toLowerCase())
  return 2 * names.size !== rawHeaders.length
}
