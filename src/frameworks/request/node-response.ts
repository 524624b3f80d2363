import type { WebhookResponse } from '../../model/http.ts'
import type { NodeRequest } from './node-request.ts'

/** `http.ServerResponse` (or that of `http2`), as far as the adapters need it. */
export interface NodeResponse {
  statusCode: number
  readonly headersSent: boolean
  setHeader(name: string, value: string): unknown
  removeHeader(name: string): void
  end(body: string): unknown
}

/**
 * Headers of the answer. A connection with an unread body in it is not used again; over HTTP/2 the stream is closed
 * once the answer was written.
 */
export function answerHeaders(request: NodeRequest, answer: WebhookResponse): Readonly<Record<string, string>> {
  if ((request.httpVersionMajor ?? 1) > 1) {
    const { connection, ...headers } = answer.headers
    const { stream } = request
    if (connection === 'close') stream?.once('finish', () => stream.close())
    return headers
  }
  return request.complete === false ? { ...answer.headers, connection: 'close' } : answer.headers
}

/**
 * Writes an answer, unless something else has answered. Node leaves the body out for HEAD. A header that Node
 * refuses to write (a challenge that echoes line breaks) makes the answer an empty 500.
 */
export function writeAnswer(request: NodeRequest, response: NodeResponse, answer: WebhookResponse): void {
  if (response.headersSent) return
  const headers = answerHeaders(request, answer)
  try {
    response.statusCode = answer.status
    for (const name in headers) response.setHeader(name, headers[name] ?? '')
    response.end(answer.body)
  } catch {
    for (const name in headers) response.removeHeader(name)
    response.statusCode = 500
    response.end('')
  }
}
