import { WebhookError } from '../errors.ts'
import { concat } from './hash-signature.ts'
import { decodeBase64Text } from './key-decoding.ts'
import type { MessagePieces } from './prepared-shape.ts'

/** Keys of the asymmetric variant of Standard Webhooks. */
export interface Ed25519Keys {
  /** One signature for each private key. */
  sign(pieces: MessagePieces): Promise<readonly Uint8Array[]>
  /** Whether any signature fits any public key. */
  verify(pieces: MessagePieces, signatures: readonly Uint8Array[]): Promise<boolean>
}

/** RFC 8410: what stands before the seed in a PKCS #8 key. */
const PKCS8_PREFIX = Uint8Array.of(
  0x30,
  0x2e,
  0x02,
  0x01,
  0x00,
  0x30,
  0x05,
  0x06,
  0x03,
  0x2b,
  0x65,
  0x70,
  0x04,
  0x22,
  0x04,
  0x20,
)

/** @throws {WebhookError} `invalid_secret` when a key is not 32 (or, private, 64) bytes of base64. */
export function ed25519Keys(keys: {
  readonly publicKey: string | readonly string[] | undefined
  readonly privateKey: string | readonly string[] | undefined
}): Ed25519Keys {
  const privates = list('privateKey', keys.privateKey).map(text => decode('privateKey', text, 'whsk_', [32, 64]))
  const publics = [
    ...list('publicKey', keys.publicKey).map(text => decode('publicKey', text, 'whpk_', [32])),
    ...privates.filter(bytes => bytes.length === 64).map(bytes => bytes.slice(32)),
  ]
  const signers = lazily(() => privates.map(bytes => importEd25519Private(bytes.slice(0, 32))))
  const verifiers = lazily(() => publics.map(importEd25519Public))
  return {
    async sign(pieces) {
      const message = concat(pieces)
      const imported = await Promise.all(signers())
      const signatures = imported.map(async key => crypto.subtle.sign('Ed25519', key, message as BufferSource))
      return (await Promise.all(signatures)).map(signature => new Uint8Array(signature))
    },
    async verify(pieces, signatures) {
      const message = concat(pieces)
      for (const key of await Promise.all(verifiers())) {
        for (const signature of signatures) {
          if (await matches(key, signature, message)) return true
        }
      }
      return false
    },
  }
}

/** Some runtimes throw for what cannot be a signature, instead of refusing it. */
async function matches(key: CryptoKey, signature: Uint8Array, message: Uint8Array): Promise<boolean> {
  try {
    return await crypto.subtle.verify('Ed25519', key, signature as BufferSource, message as BufferSource)
  } catch {
    return false
  }
}

/** A public key of 32 bytes. */
export function importEd25519Public(bytes: Uint8Array): Promise<CryptoKey> {
  return crypto.subtle.importKey('raw', bytes as BufferSource, 'Ed25519', false, ['verify'])
}

/** A private key by its seed of 32 bytes. */
export function importEd25519Private(seed: Uint8Array): Promise<CryptoKey> {
  const pkcs8 = new Uint8Array([...PKCS8_PREFIX, ...seed])
  return crypto.subtle.importKey('pkcs8', pkcs8, 'Ed25519', false, ['sign'])
}

function lazily<Value>(make: () => Value): () => Value {
  let made: { readonly value: Value } | undefined
  return () => {
    made ??= { value: make() }
    return made.value
  }
}

function list(argument: string, input: string | readonly string[] | undefined): readonly string[] {
  if (input === undefined) return []
  const texts = typeof input === 'string' ? [input] : input
  if (texts.length === 0) throw new WebhookError('invalid_secret', `${argument} is an empty list`, { argument })
  return texts
}

function decode(argument: string, text: string, prefix: string, lengths: readonly number[]): Uint8Array {
  const bytes =
    typeof text === 'string' ? decodeBase64Text(text.startsWith(prefix) ? text.slice(prefix.length) : text) : undefined
  if (bytes === undefined || !lengths.includes(bytes.length)) {
    throw new WebhookError(
      'invalid_secret',
      `${argument} must be ${prefix} and base64 of ${lengths.join(' or ')} bytes`,
      { argument },
    )
  }
  return bytes
}
