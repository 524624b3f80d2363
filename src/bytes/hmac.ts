import { hmac } from '@noble/hashes/hmac.js'
import { utf8 } from './encoding.ts'
import { type HashAlgorithm, type NativeCrypto, nativeCrypto, nobleHashes } from './hash.ts'

/** A key that was prepared once. */
export interface HmacKey {
  /** The MAC of the parts, one after the other. Text counts as UTF-8. */
  mac(parts: ReadonlyArray<string | Uint8Array>): Uint8Array
}

/** Makes prepared keys. All back ends give the same results. */
export type HmacBackend = (algorithm: HashAlgorithm, key: Uint8Array) => HmacKey

/** Portable: @noble/hashes, with the state after the key kept. */
export const nobleHmac: HmacBackend = (algorithm, key) => {
  const prepared = hmac.create(nobleHashes[algorithm], key)
  let scratch: Parameters<typeof prepared._cloneInto>[0]
  return {
    mac(parts) {
      const state = prepared._cloneInto(scratch)
      scratch = state
      for (const part of parts) state.update(typeof part === 'string' ? utf8(part) : part)
      return state.digest()
    },
  }
}

const BLOCK_BYTES: Readonly<Record<HashAlgorithm, number>> = { sha1: 64, sha256: 64, sha384: 128, sha512: 128 }

/** Messages up to this size are hashed in one call from a buffer that is used again and again. */
const MAX_SCRATCH = 32_768
const MAX_BLOCK = 128
const encoder = new TextEncoder()
/** Holds one message at a time, only within one call. */
let inner: Uint8Array | undefined
const outer = new Uint8Array(MAX_BLOCK + 64)

/** The runtime's own hash: two one-shot calls over prepared pads are faster than its HMAC objects. */
export function nativeHmac(native: NativeCrypto): HmacBackend {
  return (algorithm, key) => {
    const blockBytes = BLOCK_BYTES[algorithm]
    const short = key.length > blockBytes ? native.hash(algorithm, key, 'buffer') : key
    const innerPad = new Uint8Array(blockBytes).fill(0x36)
    const outerPad = new Uint8Array(blockBytes).fill(0x5c)
    short.forEach((byte, i) => {
      innerPad[i] = 0x36 ^ byte
      outerPad[i] = 0x5c ^ byte
    })
    const keyObject = native.createSecretKey(key)
    const finish = (innerDigest: Uint8Array): Uint8Array => {
      outer.set(outerPad)
      outer.set(innerDigest, blockBytes)
      return native.hash(algorithm, outer.subarray(0, blockBytes + innerDigest.length), 'buffer')
    }
    return {
      mac(parts) {
        inner ??= new Uint8Array(MAX_BLOCK + MAX_SCRATCH)
        inner.set(innerPad)
        let at = blockBytes
        for (const part of parts) {
          if (at + (typeof part === 'string' ? 3 * part.length : part.length) > inner.length) return macInPieces(parts)
          if (typeof part === 'string') at += encoder.encodeInto(part, inner.subarray(at)).written
          else {
            inner.set(part, at)
            at += part.length
          }
        }
        return finish(native.hash(algorithm, inner.subarray(0, at), 'buffer'))
      },
    }
    function macInPieces(parts: ReadonlyArray<string | Uint8Array>): Uint8Array {
      const state = native.createHmac(algorithm, keyObject)
      for (const part of parts) state.update(part)
      return state.digest()
    }
  }
}

/** RFC 4231, test case 2: a back end that fails it is not used. */
function passesSelfTest(backend: HmacBackend): boolean {
  try {
    const mac = backend('sha256', utf8('Jefe')).mac(['what do ya want ', utf8('for nothing?')])
    return mac[0] === 0x5b && mac[1] === 0xdc && mac[30] === 0x38 && mac[31] === 0x43
  } catch {
    return false
  }
}

let chosen: HmacBackend | undefined

/** Fixes the back end of keys that are prepared from now on; `undefined` chooses anew. For tests and benchmarks. */
export function selectHmacBackend(backend: HmacBackend | undefined): void {
  chosen = backend
}

/** Prepares a key with the fastest back end of the runtime; the choice is made on first use. */
export function hmacKey(algorithm: HashAlgorithm, key: Uint8Array): HmacKey {
  chosen ??= chooseBackend()
  return chosen(algorithm, key)
}

function chooseBackend(): HmacBackend {
  const native = nativeCrypto()
  const backend = native && nativeHmac(native)
  return backend !== undefined && passesSelfTest(backend) ? backend : nobleHmac
}
