import { sha256 } from '@noble/hashes/sha2.js'
import type { CHash } from '@noble/hashes/utils.js'
import { encodeHex } from './encoding.ts'

/** Digests that senders use. */
export type HashAlgorithm = 'sha1' | 'sha256' | 'sha384' | 'sha512'

/** A digest: its name at the runtime, its sizes, and the implementation that is there on every runtime. */
export interface Digest {
  readonly name: HashAlgorithm
  /** Of the result. */
  readonly bytes: number
  /** Of the blocks that it works on. */
  readonly blockBytes: number
  readonly noble: CHash
}

/** The one that nearly everybody uses. */
export const SHA256: Digest = { name: 'sha256', bytes: 32, blockBytes: 64, noble: sha256 }

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
export function hash(digest: Digest, bytes: Uint8Array): Uint8Array {
  native ??= nativeCrypto() ?? null
  return native === null ? digest.noble(bytes) : fromLatin1(native.hash(digest.name, bytes, 'latin1'))
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
  return encodeHex(hash(SHA256, bytes))
}
