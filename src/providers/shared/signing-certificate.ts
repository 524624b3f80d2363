import { decodeBase64 } from '../../bytes/encoding.ts'
import { WebhookError } from '../../errors.ts'
import type { MaybePromise } from '../../model/verification.ts'
import { certificatePublicKey } from './der.ts'

/**
 * Loads what stands at a URL that has been checked: a certificate or a public key as PEM. `undefined` when there is
 * none. Set a time limit, follow no redirects. When it throws, the request is answered with 500, so that the sender
 * tries again.
 *
 * @example
 * const certificate = async (url: string) => {
 *   const response = await fetch(url, { redirect: 'error', signal: AbortSignal.timeout(5000) })
 *   return response.ok ? response.text() : undefined
 * }
 */
export type CertificateLoader = (url: string) => MaybePromise<string | undefined>

/** Finds the public key behind a URL, as SubjectPublicKeyInfo. */
export type KeyFinder = (url: string) => Promise<Uint8Array | undefined>

/** Strangers may name any certificate of a permitted host, so few are kept. */
const MAX_KEYS = 16

/**
 * Remembers the keys behind URLs; the oldest gives way. Requests for one that is being loaded share the loading.
 *
 * @throws {WebhookError} `invalid_option` when there is no loader.
 */
export function keyFinder(load: CertificateLoader): KeyFinder {
  if (typeof load !== 'function') {
    throw new WebhookError('invalid_option', 'certificate must be a function that loads a PEM text by its URL', {
      argument: 'certificate',
    })
  }
  const keys = new Map<string, Promise<Uint8Array | undefined>>()
  return url => {
    const known = keys.get(url)
    if (known !== undefined) return known
    const loading = loadKey(load, url)
    keys.set(url, loading)
    for (const oldest of keys.keys()) {
      if (keys.size <= MAX_KEYS) break
      keys.delete(oldest)
    }
    const forget = (): void => {
      if (keys.get(url) === loading) keys.delete(url)
    }
    loading.then(key => key === undefined && forget(), forget)
    return loading
  }
}

async function loadKey(load: CertificateLoader, url: string): Promise<Uint8Array | undefined> {
  const pem = await load(url)
  return typeof pem === 'string' ? publicKeyOf(pem) : undefined
}

/** No certificate is longer. */
const MAX_PEM_LENGTH = 65_536

/** The key of a PEM text: of its first certificate, or the key itself. */
export function publicKeyOf(pem: string): Uint8Array | undefined {
  if (pem.length > MAX_PEM_LENGTH) return undefined
  for (const label of ['CERTIFICATE', 'PUBLIC KEY']) {
    const start = pem.indexOf(`-----BEGIN ${label}-----`)
    const end = start === -1 ? -1 : pem.indexOf(`-----END ${label}-----`, start)
    if (end === -1) continue
    const der = decodeBase64(pem.slice(start + label.length + 16, end).replace(/\s+/g, ''))
    return der && label === 'CERTIFICATE' ? certificatePublicKey(der) : der
  }
  return undefined
}

/** RSA with PKCS #1 v1.5, as these senders sign. Never rejects. */
export async function verifiesRsa(
  hash: 'SHA-1' | 'SHA-256',
  spki: Uint8Array,
  signature: Uint8Array,
  message: Uint8Array,
): Promise<boolean> {
  try {
    const algorithm = { name: 'RSASSA-PKCS1-v1_5', hash }
    const key = await crypto.subtle.importKey('spki', new Uint8Array(spki), algorithm, false, ['verify'])
    return await crypto.subtle.verify(algorithm.name, key, new Uint8Array(signature), new Uint8Array(message))
  } catch {
    return false
  }
}
