import { decodeBase64, decodeBase64Url, decodeHex, utf8 } from '../bytes/encoding.ts'
import { WebhookError } from '../errors.ts'
import { requireSecrets, type SecretInput } from '../model/secret.ts'
import { invalidOption } from './invalid-option.ts'
import type { KeyDecoding } from './shape.ts'

const DECODINGS: ReadonlySet<unknown> = new Set([undefined, 'utf8', 'base64', 'hex'])

/**
 * The key bytes of each secret, checked when a scheme is built.
 *
 * @throws {WebhookError} `invalid_secret`, never with the secret in the message; `invalid_option` for the decoding.
 */
export function decodeKeys(
  argument: string,
  input: SecretInput | undefined,
  decoding: KeyDecoding = {},
): readonly Uint8Array[] {
  if (!DECODINGS.has(decoding.decode)) throw invalidOption('key.decode', 'must be utf8, base64 or hex')
  return requireSecrets(argument, input).map(secret => decodeKey(argument, secret, decoding))
}

/** One key. Bytes are taken as they are. */
export function decodeKey(argument: string, secret: string | Uint8Array, decoding: KeyDecoding): Uint8Array {
  if (secret instanceof Uint8Array) return secret
  const { decode = 'utf8', stripPrefix = '' } = decoding
  const text = stripPrefix !== '' && secret.startsWith(stripPrefix) ? secret.slice(stripPrefix.length) : secret
  const key = decode === 'utf8' ? utf8(text) : decode === 'hex' ? decodeHex(text) : decodeBase64Text(text)
  if (key === undefined || key.length === 0) {
    throw new WebhookError('invalid_secret', `${argument} is not ${decode} text. Was it copied completely?`, {
      argument,
    })
  }
  return key
}

/** Keys are copied by hand, so padding may be missing and both alphabets occur. */
export function decodeBase64Text(text: string): Uint8Array | undefined {
  const unpadded = text.replace(/={1,2}$/, '')
  return decodeBase64(unpadded + '='.repeat((4 - (unpadded.length % 4)) % 4)) ?? decodeBase64Url(unpadded)
}
