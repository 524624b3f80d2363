import { decodeBase64, decodeHex } from '../bytes/encoding.ts'
import { WebhookError } from '../errors.ts'
import type { WebhookRequest } from '../model/http.ts'
import type { FieldTable } from '../model/known-fields.ts'
import { checkOptions } from '../model/known-fields.ts'
import { refuse, type VerifyContext, type VerifyResult, withHeaders } from '../model/verification.ts'
import { derToRaw, rawToDer } from './ecdsa-der.ts'
import { importEd25519Private, importEd25519Public } from './ed25519.ts'
import { concat } from './hash-signature.ts'
import { accepted, signable } from './hmac-signature.ts'
import { invalidOption } from './invalid-option.ts'
import { decodeBase64Text } from './key-decoding.ts'
import { prepareShape } from './prepared-shape.ts'
import { isRefusal } from './request-parts.ts'
import type { SignableMessage, SignatureHeaders, SignatureScheme } from './scheme.ts'
import type { KeyDecoding, SignatureShape } from './shape.ts'

/** Algorithms with a public key. */
export type AsymmetricAlgorithm = 'ed25519' | 'ecdsa-p256-sha256' | 'rsa-sha256' | 'rsa-sha1'

/** Options of {@link asymmetricSignature}. */
export interface AsymmetricSignatureOptions extends SignatureShape {
  readonly algorithm: AsymmetricAlgorithm
  /** The sender's public key: bytes, PEM, or text as `key` says; several during a rotation. */
  readonly publicKey: string | Uint8Array | ReadonlyArray<string | Uint8Array> | undefined
  /** How the text of a key that is not PEM is written. Default base64. */
  readonly key?: KeyDecoding
  /**
   * `raw` is the 32 bytes of ed25519, `spki` and `pem` are SubjectPublicKeyInfo. Default: told by the length and the
   * text.
   */
  readonly keyFormat?: 'raw' | 'spki' | 'pem'
  /** Makes signatures, for tests: PKCS #8, or of ed25519 the seed, alone or with the public key behind it. */
  readonly privateKey?: Uint8Array
}

const OPTIONS: FieldTable<AsymmetricSignatureOptions> = {
  algorithm: true,
  publicKey: true,
  signature: true,
  message: true,
  timestamp: true,
  encoding: true,
  key: true,
  keyFormat: true,
  url: true,
  privateKey: true,
}

/** Source of the parameters: Web Cryptography API, section 18 to 28. */
const WEB_CRYPTO = {
  ed25519: { import: { name: 'Ed25519' }, use: { name: 'Ed25519' } },
  'ecdsa-p256-sha256': { import: { name: 'ECDSA', namedCurve: 'P-256' }, use: { name: 'ECDSA', hash: 'SHA-256' } },
  'rsa-sha256': { import: { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }, use: { name: 'RSASSA-PKCS1-v1_5' } },
  'rsa-sha1': { import: { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-1' }, use: { name: 'RSASSA-PKCS1-v1_5' } },
} as const

/**
 * A signature that is checked with the sender's public key, through Web Crypto.
 *
 * @throws {WebhookError} `invalid_secret` when a key cannot be read, `invalid_option` for the rest. Verifying answers
 * `{ ok: false, code, message }` and never rejects.
 * @example
 * asymmetricSignature({
 *   algorithm: 'ed25519', publicKey, key: { decode: 'hex' },
 *   signature: { header: 'x-signature-ed25519' }, message: '{timestamp}{body}',
 *   timestamp: { from: { header: 'x-signature-timestamp' } },
 * })
 */
export function asymmetricSignature(options: AsymmetricSignatureOptions): SignatureScheme {
  checkOptions(options, Object.keys(OPTIONS), 'asymmetricSignature')
  const { algorithm, privateKey } = options
  if (!Object.hasOwn(WEB_CRYPTO, algorithm)) {
    throw invalidOption('algorithm', `must be one of ${Object.keys(WEB_CRYPTO).join(', ')}`)
  }
  const shape = prepareShape(options, algorithm === 'ed25519' ? 64 : undefined)
  const keys = publicKeys(options).map(bytes => createKey(algorithm, bytes))
  const { use } = WEB_CRYPTO[algorithm]

  async function sign(message: SignableMessage): Promise<SignatureHeaders> {
    if (privateKey === undefined) throw invalidOption('privateKey', 'is needed to sign')
    const draft = shape.write(message)
    const key = await importPrivate(algorithm, privateKey)
    const signature = new Uint8Array(await crypto.subtle.sign(use, key, concat(draft.message()) as BufferSource))
    return draft.headers([algorithm === 'ecdsa-p256-sha256' ? rawToDer(signature) : signature])
  }
  async function verify(request: WebhookRequest, context?: VerifyContext): Promise<VerifyResult> {
    const read = shape.read(request, context)
    if (!read.ok) return read
    const pieces = shape.message(read)
    if (isRefusal(pieces)) return pieces
    const message = concat(pieces)
    for (const key of keys) {
      for (const signature of read.signatures) {
        const raw = algorithm === 'ecdsa-p256-sha256' ? derToRaw(signature, 32) : signature
        if (raw !== undefined && (await key.verifies(raw, message))) return accepted(read.timestampMs)
      }
    }
    return refuse('signature_mismatch', 'the signature does not match: is it the right public key, and the raw body?')
  }
  const authenticate = async (request: WebhookRequest, context?: VerifyContext): Promise<WebhookRequest> =>
    withHeaders(request, await sign(signable(request, context)))
  return { sign, verify, ...(privateKey && { authenticate }) }
}

interface PublicKey {
  verifies(signature: Uint8Array, message: Uint8Array): Promise<boolean>
}

/** The key is imported on first use; one that Web Crypto does not take matches nothing. */
function createKey(algorithm: AsymmetricAlgorithm, bytes: Uint8Array): PublicKey {
  let imported: Promise<CryptoKey> | undefined
  const load = (): Promise<CryptoKey> =>
    algorithm === 'ed25519' && bytes.length === 32
      ? importEd25519Public(bytes)
      : crypto.subtle.importKey('spki', bytes as BufferSource, WEB_CRYPTO[algorithm].import, false, ['verify'])
  return {
    async verifies(signature, message) {
      imported ??= load()
      try {
        const { use } = WEB_CRYPTO[algorithm]
        return await crypto.subtle.verify(use, await imported, signature as BufferSource, message as BufferSource)
      } catch {
        return false
      }
    },
  }
}

function importPrivate(algorithm: AsymmetricAlgorithm, bytes: Uint8Array): Promise<CryptoKey> {
  if (algorithm === 'ed25519' && [32, 64].includes(bytes.length)) return importEd25519Private(bytes.slice(0, 32))
  return crypto.subtle.importKey('pkcs8', bytes as BufferSource, WEB_CRYPTO[algorithm].import, false, ['sign'])
}

function publicKeys({
  publicKey,
  key: decoding,
  keyFormat,
  algorithm,
}: AsymmetricSignatureOptions): readonly Uint8Array[] {
  const given = typeof publicKey === 'string' || publicKey instanceof Uint8Array ? [publicKey] : (publicKey ?? [])
  if (!Array.isArray(given)) throw badKey('must be text, bytes or a list of those')
  if (given.length === 0) throw badKey('is missing. Is the environment variable set?')
  return given.map((key: unknown) => {
    const bytes = key instanceof Uint8Array ? key : decodePublicKey(key, decoding)
    if (bytes === undefined) throw badKey('is neither PEM nor encoded text. Was it copied completely?')
    const raw = bytes.length === 32
    if (
      bytes.length < 32 ||
      (keyFormat !== undefined && raw !== (keyFormat === 'raw')) ||
      (algorithm === 'ed25519' && bytes.length !== 32 && bytes.length !== 44)
    ) {
      throw badKey('does not have the length of such a key')
    }
    return bytes
  })
}

function decodePublicKey(
  text: unknown,
  { decode = 'base64', stripPrefix = '' }: KeyDecoding = {},
): Uint8Array | undefined {
  if (typeof text !== 'string') return undefined
  const pem = /^-----BEGIN PUBLIC KEY-----([A-Za-z0-9+/=\s]+)-----END PUBLIC KEY-----\s*$/.exec(text.trim())
  if (pem?.[1] !== undefined) return decodeBase64(pem[1].replace(/\s/g, ''))
  const key = stripPrefix !== '' && text.startsWith(stripPrefix) ? text.slice(stripPrefix.length) : text
  return decode === 'hex' ? decodeHex(key) : decodeBase64Text(key)
}

function badKey(problem: string): WebhookError {
  return new WebhookError('invalid_secret', `publicKey ${problem}`, { argument: 'publicKey' })
}
