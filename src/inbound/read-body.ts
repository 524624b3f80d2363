import type { Deadlines } from '../model/deadlines.ts'
import type { BodyResult, IncomingRequest, WebhookRequest } from '../model/http.ts'
import type { MaybePromise } from '../model/verification.ts'

/** A body within the limits of size and time, or why not. */
export type LimitedBodyResult =
  | BodyResult
  | { readonly ok: false; readonly reason: 'too_slow'; readonly message?: string }

/** Reads a body that may not have been read yet. */
export function readBody(
  request: WebhookRequest | IncomingRequest,
  limits: { readonly maxBodyBytes: number; readonly deadlines: Deadlines },
): MaybePromise<LimitedBodyResult> {
  const { body } = request
  if (typeof body !== 'function') {
    if (!(body instanceof Uint8Array)) return { ok: false, reason: 'already_parsed', message: NOT_BYTES }
    return body.byteLength > limits.maxBodyBytes ? { ok: false, reason: 'too_large' } : { ok: true, bytes: body }
  }
  return new Promise((resolve, reject) => {
    let stop: (() => void) | undefined
    const deadline = limits.deadlines.begin(() => {
      resolve({ ok: false, reason: 'too_slow' })
      stop?.()
    })
    const reading = body(limits.maxBodyBytes, how => {
      stop = how
    })
    reading.then(result => {
      limits.deadlines.end(deadline)
      resolve(result)
    }, reject)
  })
}

const NOT_BYTES = 'The body must be the raw bytes of the request (Uint8Array or Buffer), not a parsed or decoded one.'
