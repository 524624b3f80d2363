import { utf8 } from '../../bytes/encoding.ts'
import { hash, SHA256 } from '../../bytes/hash.ts'
import { WebhookError } from '../../errors.ts'
import { randomBytes } from '../../ids.ts'
import { type EncryptionOptions, requireKeys } from './keys.ts'

const VERSION = 1
const ID_BYTES = 4
const NONCE_BYTES = 12
const HEADER_BYTES = 1 + ID_BYTES + NONCE_BYTES

/** Encrypts what is stored: AES-256-GCM, bound to the place where it stands. */
export interface Sealer {
  /** @param place what row and column it is for: moved elsewhere, it does not open. */
  seal(plain: Uint8Array, place: string): Promise<Uint8Array>
  /** @throws {WebhookError} `store_encryption` when it was changed or moved, or its key is not among the keys. */
  open(sealed: Uint8Array, place: string): Promise<Uint8Array>
  /** Whether it was sealed with the key that seals now. */
  isCurrent(sealed: Uint8Array): boolean
}

interface Key {
  /** The first bytes of a digest of the key: says which one it was, and nothing about it. */
  readonly id: Uint8Array
  readonly key: Promise<CryptoKey>
}

/** Sealed bytes are: version, id of the key, nonce, cipher text with its tag. */
export function createSealer(options: EncryptionOptions): Sealer {
  const keys = requireKeys(options).map(importKey)
  const keyOf = (sealed: Uint8Array): Key | undefined =>
    keys.find(({ id }) => id.every((byte, index) => byte === sealed[1 + index]))
  return {
    async seal(plain, place) {
      const [current] = keys
      if (current === undefined) throw failure('there is no key')
      const iv = Uint8Array.from(randomBytes(NONCE_BYTES))
      const additionalData = Uint8Array.from(utf8(place))
      const algorithm = { name: 'AES-GCM', iv, additionalData }
      const encrypted = await crypto.subtle.encrypt(algorithm, await current.key, Uint8Array.from(plain))
      return Uint8Array.from([VERSION, ...current.id, ...iv, ...new Uint8Array(encrypted)])
    },
    async open(sealed, place) {
      if (sealed.length <= HEADER_BYTES || sealed[0] !== VERSION) throw failure('what is stored is not of a known form')
      const known = keyOf(sealed)
      if (known === undefined) throw failure('it was encrypted with a key that is not among encryption.keys')
      const iv = sealed.slice(1 + ID_BYTES, HEADER_BYTES)
      const algorithm = { name: 'AES-GCM', iv, additionalData: Uint8Array.from(utf8(place)) }
      try {
        return new Uint8Array(await crypto.subtle.decrypt(algorithm, await known.key, sealed.slice(HEADER_BYTES)))
      } catch {
        throw failure('it was changed, or belongs to another row')
      }
    },
    isCurrent: sealed => sealed[0] === VERSION && keyOf(sealed) === keys[0],
  }
}

function importKey(bytes: Uint8Array<ArrayBuffer>): Key {
  const key = crypto.subtle.importKey('raw', bytes, 'AES-GCM', false, ['encrypt', 'decrypt'])
  // Awaited where it is used; a failure must not count as unhandled before.
  key.catch(() => undefined)
  return { id: hash(SHA256, bytes).slice(0, ID_BYTES), key }
}

function failure(problem: string): WebhookError {
  return new WebhookError('store_encryption', `a stored secret cannot be read or written: ${problem}`)
}
