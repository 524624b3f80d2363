import { sha1 } from '@noble/hashes/legacy.js'
import { sha256, sha384, sha512 } from '@noble/hashes/sha2.js'
import { encodeHex } from './encoding.ts'

/** Digests that senders use. */
export type HashAlgorithm = 'sha1' | 'sha256' | 'sha384' | 'sha512'

/** Length of each digest. */
export const DIGEST_BYTES: Readonly<Record<HashAlgorithm, number>> = { sha1: 20, sha256: 32, sha384: 48, sha512: 64 }

/** noble's implementations, on every runtime. */
export const nobleHashes = { sha1, sha256, sha384, sha512 } as const

/** What is used of Node's crypto module, where there is one. */
export interface NativeCrypto {
  hash(algorithm: string, data: Uint8Array, encoding: 'latin1'): string
  createSecretKey(key: Uint8Array): unknown
  createHmac(
    algorithm: string,
    key: unknown,
  ): { update(data: string | Uint8Array): unknown; digest(encoding: 'latin1'): string }
}

/**
 * Node's crypto module, found at run time so that bundles for other runtimes stay free of it; `undefined` where
 * there is none, or an old one.
 */
export function nativeCrypto(): NativeCrypto | undefined {
  const host = globalThis as { readonly process?: { getBuiltinModule?(name: string): unknown } }
  const native = host.process?.getBuiltinModule?.('node:crypto') as Partial<NativeCrypto> | undefined
  const complete =
    typeof native?.hash === 'function' &&
    typeof native.createHmac === 'function' &&
    typeof native.createSecretKey === 'function'
  return complete ? (native as NativeCrypto) : undefined
}

let native: NativeCrypto | null | undefined

/** Digest of some bytes, by the runtime where it can. */
export function hash(algorithm: HashAlgorithm, bytes: Uint8Array): Uint8Array {
  native ??= nativeCrypto() ?? null
  return native === null ? nobleHashes[algorithm](bytes) : fromLatin1(native.hash(algorithm, bytes, 'latin1'))
}

/** The bytes of a text that has one character for each, as native digests come. */
export function fromLatin1(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length)
  writeLatin1(text, bytes, 0)
  return bytes
}

/** Writes the bytes of such a text into others. */
export function writeLatin1(text: string, into: Uint8Array, at: number): void {
  for (let i = 0; i < text.length; i++) into[at + i] = text.charCodeAt(i)
}

/** SHA-256 as lower-case hex. */
export function sha256Hex(bytes: Uint8Array): string {
  return encodeHex(hash('sha256', bytes))
}
