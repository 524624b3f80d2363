import { decodeBase64, decodeHex } from '../../bytes/encoding.ts'
import { WebhookError } from '../../errors.ts'
import type { FieldTable } from '../../model/known-fields.ts'
import { checkOptions } from '../../model/known-fields.ts'
import { requireSecrets } from '../../model/secret.ts'

const KEY_BYTES = 32

/**
 * With what endpoints and rendered bodies are encrypted. What an event says is not: its data, and what the exchange log
 * has of requests and answers, stand in the database as they are, with secrets masked in the log.
 */
export interface EncryptionOptions {
  /**
   * Keys of 32 bytes, as bytes, hex or Base64: the first one encrypts, all of them decrypt. A process without the key
   * of an endpoint sends nothing to it, and deliveries whose bodies it cannot read end as dead letters
   * (`body_unreadable`). So a key is replaced in four steps, each once the one before is done in every process:
   *
   * 1. the new key is put last: all can read what it encrypts;
   * 2. it is put first: all encrypt with it;
   * 3. `reencrypt` of the store is called, in one process;
   * 4. the old key is taken away.
   */
  readonly keys: ReadonlyArray<string | Uint8Array | undefined>
}

const OPTIONS: FieldTable<EncryptionOptions> = { keys: true }

/**
 * Checks the keys when a store is built.
 *
 * @throws {WebhookError} `invalid_secret` when there is none, or one that is not 32 bytes long; `invalid_option` for
 * anything else than `keys`.
 */
export function requireKeys(encryption: EncryptionOptions): ReadonlyArray<Uint8Array<ArrayBuffer>> {
  checkOptions(encryption, Object.keys(OPTIONS), 'encryption at rest', 'encryption')
  const given = [encryption.keys].flat()
  const keys = given.length === 0 ? [undefined] : given
  return keys
    .flatMap(key => requireSecrets('encryption.keys', key))
    .map(key => {
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
