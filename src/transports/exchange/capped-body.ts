const EMPTY = new Uint8Array(0)

/** The beginning of a body: keeps the first bytes and says when there are more. */
export class CappedBody {
  truncated = false
  readonly #maxBytes: number
  #buffer: Uint8Array = EMPTY
  #length = 0

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /** `false` as soon as there is more than may be kept: stop reading then. */
  add(chunk: Uint8Array): boolean {
    const room = this.#maxBytes - this.#length
    const taken = chunk.length > room ? chunk.subarray(0, room) : chunk
    this.#reserve(this.#length + taken.length)
    this.#buffer.set(taken, this.#length)
    this.#length += taken.length
    if (chunk.length > room) this.truncated = true
    return !this.truncated
  }

  /** What was kept, a copy of its own. */
  bytes(): Uint8Array {
    return this.#buffer.length === this.#length ? this.#buffer : this.#buffer.slice(0, this.#length)
  }

  /** Exact for the first chunk, which is usually the only one; then doubling. */
  #reserve(length: number): void {
    if (length <= this.#buffer.length) return
    const grown = new Uint8Array(Math.max(length, Math.min(2 * this.#buffer.length, this.#maxBytes)))
    grown.set(this.#buffer.subarray(0, this.#length))
    this.#buffer = grown
  }
}
