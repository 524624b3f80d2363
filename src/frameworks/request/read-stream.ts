import { createByteCollector } from '../../bytes/byte-collector.ts'
import type { BodyResult } from '../../model/http.ts'
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
}

/** Whether somebody took bytes out of a stream, or made it decode them. */
export function wasRead(stream: BodyStream): boolean {
  return stream.readableDidRead === true || stream.readableEnded === true || typeof stream.readableEncoding === 'string'
}

/**
 * Reads an untouched stream to its end; stops at the first byte above `maxBytes`. The listeners stay: after the
 * answer the server destroys the stream, and an error then must find one.
 */
export function readStream(stream: BodyStream, maxBytes: number): Promise<BodyResult> {
  if (stream.destroyed === true) return Promise.resolve(ABORTED)
  return new Promise(resolve => {
    const collector = createByteCollector(maxBytes)
    let ended = false
    // Every stream closes in the end, and Node makes much of a promise that is resolved twice.
    const end = (result: BodyResult): void => {
      if (ended) return
      ended = true
      inStep(() => resolve(result))
    }
    const abort = (): void => end(ABORTED)
    stream.on('data', chunk => {
      if (collector.add(chunk)) return
      stream.pause()
      end({ ok: false, reason: 'too_large' })
    })
    stream.on('end', () => end({ ok: true, bytes: collector.bytes() }))
    stream.on('close', abort)
    // Node emits an HTTP/1 request's error only to those who listen; `close` follows in any case.
    if (stream.httpVersionMajor !== 1) stream.on('error', abort)
  })
}

const ABORTED: BodyResult = { ok: false, reason: 'aborted' }
