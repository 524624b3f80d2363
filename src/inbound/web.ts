import type { BodyResult, IncomingRequest, WebhookResponse } from '../model/http.ts'

/** A Web request in the receiver's terms. The body is read when the receiver asks for it. */
export function fromWebRequest(request: Request, remoteAddress: unknown): IncomingRequest {
  return {
    method: request.method,
    url: request.url,
    headers: request.headers,
    body: maxBytes => readWebBody(request, maxBytes),
    remoteAddress: typeof remoteAddress === 'string' ? remoteAddress : undefined,
  }
}

/** An answer as a Web response. */
export function toWebResponse({ status, headers, body }: WebhookResponse): Response {
  const bodiless = body === '' || status === 204 || status === 304
  return new Response(bodiless ? null : body, { status, headers })
}

async function readWebBody(request: Request, maxBytes: number): Promise<BodyResult> {
  if (request.bodyUsed) {
    return {
      ok: false,
      reason: 'already_parsed',
      message:
        'The body of this Request was read before the receiver got it. Call receiver.handle with the untouched Request: remove middleware that calls request.json() or request.text() on this route, or pass request.clone() to it.',
    }
  }
  if (request.body === null) return { ok: true, bytes: new Uint8Array(0) }
  const reader = request.body.getReader()
  const chunks: Uint8Array[] = []
  let length = 0
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return { ok: true, bytes: concat(chunks, length) }
      length += value.byteLength
      if (length > maxBytes) {
        void reader.cancel().catch(() => {})
        return { ok: false, reason: 'too_large' }
      }
      chunks.push(value)
    }
  } catch {
    return { ok: false, reason: 'aborted' }
  }
}

function concat(chunks: readonly Uint8Array[], length: number): Uint8Array {
  const [first] = chunks
  if (chunks.length === 1 && first !== undefined) return first
  const bytes = new Uint8Array(length)
  let at = 0
  for (const chunk of chunks) {
    bytes.set(chunk, at)
    at += chunk.byteLength
  }
  return bytes
}
