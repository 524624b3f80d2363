import type { Clock } from '../clock.ts'
import type { BodyResult, IncomingRequest, WebhookRequest } from '../model/http.ts'

/** A body within the limits of size and time, or why not. */
export type LimitedBodyResult =
  | BodyResult
  | { readonly ok: false; readonly reason: 'too_slow'; readonly message?: string }

/** Reads a body that may not have been read yet. */
export async function readBody(
  request: WebhookRequest | IncomingRequest,
  limits: { readonly maxBodyBytes: number; readonly bodyTimeoutMs: number; readonly clock: Clock },
): Promise<LimitedBodyResult> {
  const { body } = request
  if (typeof body !== 'function') {
    if (!(body instanceof Uint8Array)) return { ok: false, reason: 'already_parsed', message: NOT_BYTES }
    return body.byteLength > limits.maxBodyBytes ? { ok: false, reason: 'too_large' } : { ok: true, bytes: body }
  }
  let cancelTimer = (): void => {}
  const timeout = new Promise<LimitedBodyResult>(resolve => {
    cancelTimer = limits.clock.setTimer(() => resolve({ ok: false, reason: 'too_slow' }), limits.bodyTimeoutMs)
  })
  const result = await Promise.race([body(limits.maxBodyBytes), timeout])
  cancelTimer()
  return result
}

const NOT_BYTES = 'The body must be the raw bytes of the request (Uint8Array or Buffer), not a parsed or decoded one.'
