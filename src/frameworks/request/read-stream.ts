import { type ByteCollector, createByteCollector } from '../../bytes/byte-collector.ts'
import type { BodyReader, BodyResult } from '../../model/http.ts'
import { inStep } from '../../model/in-step.ts'

/** A Node stream of body bytes, as far as reading it needs. */
export interface BodyStream {
  readonly readableDidRead?: boolean
  readonly readableEnded?: boolean
  readonly readableEncoding?: string | null
  readonly destroyed?: boolean
  readonly httpVersionMajor?: number
  on(event: string, listener: (chunk: Uint8Array) => void): unknown
  pause(): unknown
  resume(): unknown
}

/** Whether somebody took bytes out of a stream, or made it decode them. */
export function wasRead(stream: BodyStream): boolean {
  return stream.readableDidRead === true || stream.readableEnded === true || typeof stream.readableEncoding === 'string'
}

/**
 * Reads an untouched stream to its end, though it was paused; stops at the first byte above `maxBytes`, and when it is
 * told to. The listeners stay: after the answer the server destroys the stream, and an error then must find one.
 */
export function readStream(
  stream: BodyStream,
  maxBytes: number,
  stoppable?: Parameters<BodyReader>[1],
): Promise<BodyResult> {
  if (stream.destroyed === true) return Promise.resolve(ABORTED)
  return new Promise(resolve => {
    let collector: ByteCollector | undefined = createByteCollector(maxBytes)
    // Every stream closes in the end, and Node makes much of a promise that is resolved twice.
    const end = (result: BodyResult): void => {
      if (collector === undefined) return
      collector = undefined
      inStep(() => resolve(result))
    }
    const stop = (result: BodyResult): void => {
      stream.pause()
      end(result)
    }
    const abort = (): void => end(ABORTED)
    stream.on('data', chunk => {
      if (collector?.add(chunk) === false) stop({ ok: false, reason: 'too_large' })
    })
    stream.on('end', () => collector && end({ ok: true, bytes: collector.bytes() }))
    stream.on('close', abort)
    // Node emits an HTTP/1 request's error only to those who listen; `close` follows in any case.
    if (stream.httpVersionMajor !== 1) {
      stream.on('error', abort)
      // An HTTP/2 stream that the sender takes back without an error ends as if the body were complete.
      stream.on('aborted', abort)
    }
    stoppable?.(() => stop(ABORTED))
    stream.resume()
  })
}

const ABORTED: BodyResult = { ok: false, reason: 'aborted' }
