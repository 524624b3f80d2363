import { decodeBase64, decodeHex } from '../../bytes/encoding.ts'
import { WebhookError } from '../../errors.ts'
import { requireSecrets } from '../../model/secret.ts'

const KEY_BYTES = 32

/** What is encrypted at rest, and with what. */
export interface EncryptionOptions {
  /**
   * Keys of 32 bytes, as bytes, hex or Base64: the first one encrypts, all of them decrypt. To replace a key put the
   * new one in front, call `reencrypt` of the store, then take the old one away.
   */
  readonly keys: ReadonlyArray<string | Uint8Array>
}

/**
 * Checks the keys when a store is built.
 *
 * @throws {WebhookError} `invalid_secret` when there is none, or one that is not 32 bytes long.
 */
export function requireKeys({ keys }: EncryptionOptions): ReadonlyArray<Uint8Array<ArrayBuffer>> {
  return requireSecrets('encryption.keys', keys).map(key => {
    const bytes = typeof key === 'string' ? decodeKey(key) : key
    if (bytes?.length === KEY_BYTES) return Uint8Array.from(bytes)
    throw new WebhookError('invalid_secret', 'encryption.keys: a key must be 32 bytes, as bytes, hex or Base64', {
      argument: 'encryption.keys',
    })
  })
}

function decodeKey(text: string): Uint8Array | undefined {
  return text.length === 2 * KEY_BYTES ? decodeHex(text) : decodeBase64(text)
}
