/** Joins chunks as they arrive. */
export interface ByteCollector {
  /** `false` when there are now more than the limit; then nothing is kept. */
  add(chunk: Uint8Array): boolean
  /** All of them. A single chunk is not copied. */
  bytes(): Uint8Array
}

/**
 * Collects at most `maxBytes`. The memory is at most about twice the body however it is cut: a list of chunks would
 * cost a hundred times as much when a sender writes single bytes.
 */
export function createByteCollector(maxBytes: number): ByteCollector {
  let buffer = new Uint8Array(0)
  let length = 0
  return {
    add(chunk) {
      const end = length + chunk.length
      if (end > maxBytes) {
        buffer = new Uint8Array(0)
        length = Number.POSITIVE_INFINITY
        return false
      }
      if (length === 0) buffer = chunk as Uint8Array<ArrayBuffer>
      else {
        // A buffer that is just full may be the first chunk itself, which is not ours to write to.
        if (end > buffer.length) {
          const grown = new Uint8Array(Math.max(end, Math.min(2 * length, maxBytes)))
          grown.set(buffer)
          buffer = grown
        }
        buffer.set(chunk, length)
      }
      length = end
      return true
    },
    bytes: () => (buffer.length === length ? buffer : buffer.subarray(0, length)),
  }
}
