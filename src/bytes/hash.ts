import { sha1 } from '@noble/hashes/legacy.js'
import { sha256, sha384, sha512 } from '@noble/hashes/sha2.js'
import { encodeHex } from './encoding.ts'

/** Digests that senders use. */
export type HashAlgorithm = 'sha1' | 'sha256' | 'sha384' | 'sha512'

/** noble's implementations, on every runtime. */
export const nobleHashes = { sha1, sha256, sha384, sha512 } as const

/** Digest of some bytes. */
export function hash(algorithm: HashAlgorithm, bytes: Uint8Array): Uint8Array {
  return nobleHashes[algorithm](bytes)
}

/** SHA-256 as lower-case hex. */
export function sha256Hex(bytes: Uint8Array): string {
  return encodeHex(hash('sha256', bytes))
}
