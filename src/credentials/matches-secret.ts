import { constantTimeEqual } from '../bytes/constant-time.ts'
import { utf8 } from '../bytes/encoding.ts'
import { hash, SHA256 } from '../bytes/hash.ts'
import { requireSecrets, type SecretInput } from '../model/secret.ts'

/** Compares a given text with secrets that were hashed once: equal lengths, constant time, no early end. */
export interface SecretMatcher {
  /** Text counts as UTF-8. */
  matches(given: string | Uint8Array): boolean
  /** The first secret, for tests that send it. */
  readonly first: string
}

/** @throws {WebhookError} `invalid_secret`. */
export function secretMatcher(argument: string, input: SecretInput | undefined): SecretMatcher {
  const secrets = requireSecrets(argument, input)
  const digests = secrets.map(digestOf)
  const [first = ''] = secrets
  return {
    matches(given) {
      const digest = digestOf(given)
      return digests.reduce((found, expected) => constantTimeEqual(digest, expected) || found, false)
    },
    first: typeof first === 'string' ? first : new TextDecoder().decode(first),
  }
}

function digestOf(text: string | Uint8Array): Uint8Array {
  return hash(SHA256, typeof text === 'string' ? utf8(text) : text)
}

/**
 * The bytes of a header value. Hosts show each byte as one character (Fetch standard, "byte string"), so a secret with
 * other characters than ASCII arrives as its UTF-8 bytes.
 */
export function headerBytes(value: string): Uint8Array {
  const bytes = new Uint8Array(value.length)
  for (let i = 0; i < value.length; i++) {
    const code = value.charCodeAt(i)
    if (code > 0xff) return utf8(value)
    bytes[i] = code
  }
  return bytes
}

/** The opposite of {@link headerBytes}: text as a host would show it. */
export function headerText(text: string): string {
  return Array.from(utf8(text), byte => String.fromCharCode(byte)).join('')
}
