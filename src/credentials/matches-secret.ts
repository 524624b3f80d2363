import { constantTimeEqual } from '../bytes/constant-time.ts'
import { utf8 } from '../bytes/encoding.ts'
import { hash } from '../bytes/hash.ts'
import { requireSecrets, type SecretInput } from '../model/secret.ts'

/** Compares a given text with secrets that were hashed once: equal lengths, constant time, no early end. */
export interface SecretMatcher {
  matches(given: string): boolean
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
  return hash('sha256', typeof text === 'string' ? utf8(text) : text)
}
