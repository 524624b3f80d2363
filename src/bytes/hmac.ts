import { hmac } from '@noble/hashes/hmac.js'
import { constantTimeEqual } from './constant-time.ts'
import { utf8 } from './encoding.ts'
import { type Digest, fromLatin1, type HashAlgorithm, type NativeCrypto, nativeCrypto, writeLatin1 } from './hash.ts'

/** A key that was prepared once. */
export interface HmacKey {
  /** The MAC of the parts, one after the other. Text counts as UTF-8. */
  mac(parts: ReadonlyArray<string | Uint8Array>): Uint8Array
}

/** Makes prepared keys. All back ends give the same results. */
export type HmacBackend = (digest: Digest, key: Uint8Array) => HmacKey

/** Portable: @noble/hashes, with the state after the key kept. */
export const nobleHmac: HmacBackend = (digest, key) => {
  const prepared = hmac.create(digest.noble, key)
  let scratch: typeof prepared | undefined
  return {
    mac(parts) {
      const state = prepared._cloneInto(scratch) as typeof prepared
      scratch = state
      for (const part of parts) state.update(typeof part === 'string' ? utf8(part) : part)
      return state.digest()
    },
  }
}

/** Messages up to this size are hashed in one call from a buffer that is used again and again. */
const MAX_SCRATCH = 32_768
const MAX_BLOCK = 128
const encoder = new TextEncoder()
/** Holds one message at a time, only within one call; made on first use. */
let scratch: Uint8Array | undefined

/**
 * The runtime's own hash: two one-shot calls over prepared pads are faster than its HMAC objects, and a digest as a
 * string of bytes (`latin1`) is made several times as fast as one in a buffer.
 */
export function nativeHmac(native: NativeCrypto): HmacBackend {
  return (digest, key) => {
    const { name, blockBytes } = digest
    const innerPad = new Uint8Array(blockBytes).fill(0x36)
    /** The outer pad, and behind it room for the inner digest. */
    const outer = new Uint8Array(blockBytes + digest.bytes).fill(0x5c, 0, blockBytes)
    for (const [i, byte] of shorten(native, digest, key).entries()) {
      innerPad[i] = 0x36 ^ byte
      outer[i] = 0x5c ^ byte
    }
    const keyObject = native.createSecretKey(key)
    return {
      mac(parts) {
        scratch ??= new Uint8Array(MAX_BLOCK + MAX_SCRATCH)
        const end = gather(scratch, innerPad, parts)
        if (end === undefined) return macInPieces(native, name, keyObject, parts)
        writeLatin1(native.hash(name, scratch.subarray(0, end), 'latin1'), outer, blockBytes)
        return fromLatin1(native.hash(name, outer, 'latin1'))
      },
    }
  }
}

/** RFC 2104: a key that is longer than a block is hashed first. */
function shorten(native: NativeCrypto, { name, blockBytes }: Digest, key: Uint8Array): Uint8Array {
  return key.length > blockBytes ? fromLatin1(native.hash(name, key, 'latin1')) : key
}

/** Writes pad and parts one after the other; where they end, or `undefined` when they are too long. */
function gather(into: Uint8Array, pad: Uint8Array, parts: ReadonlyArray<string | Uint8Array>): number | undefined {
  into.set(pad)
  let at = pad.length
  for (let i = 0; i < parts.length; i++) {
    const part = parts[i] ?? ''
    // No character takes more than three bytes of UTF-8.
    if (at + (typeof part === 'string' ? 3 * part.length : part.length) > into.length) return undefined
    if (typeof part === 'string') at += writeText(part, into, at)
    else {
      into.set(part, at)
      at += part.length
    }
  }
  return at
}

/** Short texts, as signed beside the body, are mostly ASCII and not worth a call into the runtime. */
function writeText(text: string, into: Uint8Array, at: number): number {
  if (text.length > 128) return encoder.encodeInto(text, into.subarray(at)).written
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code > 127) return encoder.encodeInto(text, into.subarray(at)).written
    into[at + i] = code
  }
  return text.length
}

function macInPieces(
  native: NativeCrypto,
  algorithm: HashAlgorithm,
  keyObject: unknown,
  parts: ReadonlyArray<string | Uint8Array>,
): Uint8Array {
  const state = native.createHmac(algorithm, keyObject)
  for (const part of parts) state.update(part)
  return fromLatin1(state.digest('latin1'))
}

let fixed: HmacBackend | undefined
const chosen = new Map<HashAlgorithm, HmacBackend>()

/** Fixes the back end of keys that are prepared from now on; `undefined` chooses anew. For tests and benchmarks. */
export function selectHmacBackend(backend: HmacBackend | undefined): void {
  fixed = backend
  chosen.clear()
}

/** Prepares a key with the fastest back end of the runtime; the choice is made on first use of an algorithm. */
export function hmacKey(digest: Digest, key: Uint8Array): HmacKey {
  let backend = fixed ?? chosen.get(digest.name)
  if (backend === undefined) {
    backend = chooseBackend(nativeCrypto(), digest)
    chosen.set(digest.name, backend)
  }
  return backend(digest, key)
}

/** The native back end where it is there and passes a self-test; the portable one everywhere else. */
export function chooseBackend(native: NativeCrypto | undefined, digest: Digest): HmacBackend {
  return native !== undefined && passesSelfTest(native, digest) ? nativeHmac(native) : nobleHmac
}

/** RFC 4231, test case 2, in one call and in pieces. A runtime may lack an algorithm (SHA-1), or an encoding. */
function passesSelfTest(native: NativeCrypto, digest: Digest): boolean {
  const [key, parts] = [utf8('Jefe'), ['what do ya want ', utf8('for nothing?')]]
  const expected = nobleHmac(digest, key).mac(parts)
  try {
    return (
      constantTimeEqual(nativeHmac(native)(digest, key).mac(parts), expected) &&
      constantTimeEqual(macInPieces(native, digest.name, native.createSecretKey(key), parts), expected)
    )
  } catch {
    return false
  }
}
