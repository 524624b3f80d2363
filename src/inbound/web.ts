import { createByteCollector } from '../bytes/byte-collector.ts'
import { WebhookError } from '../errors.ts'
import type { BodyReader, BodyResult, IncomingRequest, WebhookResponse } from '../model/http.ts'

const NO_WEB_REQUEST =
  'this is no Web Request, so nobody would send the answer. Mount the receiver by its adapter from crm-webhooks/frameworks: expressHandler, koaHandler, fastifyPlugin, honoHandler, nodeHandler, or apiHandler for pages/api of Next'

/**
 * A Web request in the receiver's terms. The body is read when the receiver asks for it.
 *
 * @throws {WebhookError} `invalid_option` for the request, or the context, of a framework.
 */
export function fromWebRequest(request: Request, remoteAddress: unknown): IncomingRequest {
  if (typeof request?.headers?.get !== 'function') {
    throw new WebhookError('invalid_option', NO_WEB_REQUEST, { argument: 'request' })
  }
  return {
    method: request.method,
    url: request.url,
    headers: request.headers,
    body: (maxBytes, stoppable) => readWebBody(request, maxBytes, stoppable),
    remoteAddress: typeof remoteAddress === 'string' ? remoteAddress : undefined,
  }
}

/** An answer as a Web response. What cannot be one (a challenge that echoes line breaks) is an empty 500. */
export function toWebResponse({ status, headers, body }: WebhookResponse): Response {
  const bodiless = body === '' || status === 204 || status === 304
  try {
    return new Response(bodiless ? null : body, { status, headers: new Headers(headers) })
  } catch {
    return new Response(null, { status: 500 })
  }
}

async function readWebBody(
  request: Request,
  maxBytes: number,
  stoppable: Parameters<BodyReader>[1],
): Promise<BodyResult> {
  if (request.bodyUsed || request.body?.locked === true) {
    return {
      ok: false,
      reason: 'already_parsed',
      message:
        'The body of this Request was read before the receiver got it. Call receiver.handle with the untouched Request: remove middleware that calls request.json() or request.text() on this route, or pass request.clone() to it.',
    }
  }
  if (request.body === null) return { ok: true, bytes: new Uint8Array(0) }
  if (Number(request.headers.get('content-length')) > maxBytes) return { ok: false, reason: 'too_large' }
  const reader = request.body.getReader()
  const collector = createByteCollector(maxBytes)
  const stop = (): void => void reader.cancel().catch(() => {})
  stoppable?.(stop)
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return { ok: true, bytes: collector.bytes() }
      if (!collector.add(value)) {
        stop()
        return { ok: false, reason: 'too_large' }
      }
    }
  } catch {
    return { ok: false, reason: 'aborted' }
  }
}
