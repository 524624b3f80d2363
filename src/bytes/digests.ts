import { sha1 } from '@noble/hashes/legacy.js'
import { sha384, sha512 } from '@noble/hashes/sha2.js'
import { type Digest, type HashAlgorithm, SHA256 } from './hash.ts'

/**
 * All digests that senders use, by name. Apart, because most need SHA-256 only, and the others would more than double
 * what a bundle takes.
 */
export const DIGESTS: Readonly<Record<HashAlgorithm, Digest>> = {
  sha1: { name: 'sha1', bytes: 20, blockBytes: 64, noble: sha1 },
  sha256: SHA256,
  sha384: { name: 'sha384', bytes: 48, blockBytes: 128, noble: sha384 },
  sha512: { name: 'sha512', bytes: 64, blockBytes: 128, noble: sha512 },
}
