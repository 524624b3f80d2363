import { decodeBase64 } from '../../bytes/encoding.ts'
import { WebhookError } from '../../errors.ts'
import type { MaybePromise } from '../../model/verification.ts'
import { certificatePublicKey } from './der.ts'

/**
 * Loads what stands at a URL that has been checked: a certificate as PEM. `undefined` when there is none, which is
 * remembered for a minute. Set a time limit, follow no redirects. When it throws, the request is answered with 500, so
 * that the sender tries again.
 *
 * @example
 * const certificate = async (url: string) => {
 *   const response = await fetch(url, { redirect: 'error', signal: AbortSignal.timeout(5000) })
 *   if (response.status >= 500) throw new Error(`${url}: ${response.status}`)
 *   return response.ok ? response.text() : undefined
 * }
 */
export type CertificateLoader = (url: string) => MaybePromise<string | undefined>

/** The keys behind URLs. */
export interface KeyRing {
  /**
   * The public key behind a URL, as SubjectPublicKeyInfo; `undefined` when there is none. Rejects when it cannot be
   * loaded now.
   */
  find(url: string, nowMs: number): Promise<Uint8Array | undefined>
  /** The key behind a URL has verified a signature: it is kept before others. */
  proved(url: string): void
}

/** Strangers may name any certificate of a permitted host, so few are kept. */
const MAX_KEYS = 64
/** Strangers may name addresses where nothing is, as many as they like. */
const MAX_LOADS = 4
/** The loader's time limit should be far below this. */
const MAX_LOAD_MS = 30_000
const MAX_MISSES = 256
const MISS_MS = 60_000

/**
 * Remembers the keys behind URLs: the oldest gives way, those that have verified something last. Requests for one that
 * is being loaded share the loading; few are loaded at a time, and where nothing was is asked again after a minute only.
 *
 * @throws {WebhookError} `invalid_option` when there is no loader.
 */
export function createKeyRing(load: CertificateLoader): KeyRing {
  if (typeof load !== 'function') {
    throw new WebhookError('invalid_option', 'certificate must be a function that loads a PEM text by its URL', {
      argument: 'certificate',
    })
  }
  const unproved = new Map<string, Uint8Array>()
  const proved = new Map<string, Uint8Array>()
  const askAgainAtMs = new Map<string, number>()
  const loads = new Map<string, { readonly key: Promise<Uint8Array | undefined>; readonly endMs: number }>()

  async function loadKey(url: string, nowMs: number): Promise<Uint8Array | undefined> {
    const pem = await load(url)
    const key = typeof pem === 'string' ? certificateKey(pem) : undefined
    if (key === undefined) keep(askAgainAtMs, url, nowMs + MISS_MS, MAX_MISSES)
    else keep(unproved, url, key, MAX_KEYS)
    return key
  }

  return {
    async find(url, nowMs) {
      const known = proved.get(url) ?? unproved.get(url)
      if (known !== undefined) return known
      if ((askAgainAtMs.get(url) ?? 0) > nowMs) return undefined
      for (const [other, { endMs }] of loads) if (endMs <= nowMs) loads.delete(other)
      const underWay = loads.get(url)
      if (underWay !== undefined) return underWay.key
      if (loads.size >= MAX_LOADS) throw new Error('too many certificates are being loaded')
      const loading = { key: loadKey(url, nowMs), endMs: nowMs + MAX_LOAD_MS }
      loads.set(url, loading)
      try {
        return await loading.key
      } finally {
        if (loads.get(url) === loading) loads.delete(url)
      }
    },
    proved(url) {
      const key = unproved.get(url)
      if (key === undefined) return
      unproved.delete(url)
      keep(proved, url, key, MAX_KEYS)
    },
  }
}

function keep<Value>(map: Map<string, Value>, name: string, value: Value, most: number): void {
  map.delete(name)
  map.set(name, value)
  for (const oldest of map.keys()) {
    if (map.size <= most) break
    map.delete(oldest)
  }
}

/** No certificate is longer. */
const MAX_PEM_LENGTH = 65_536

const BEGIN = '-----BEGIN CERTIFICATE-----'

/** The key of the first certificate in a PEM text. */
function certificateKey(pem: string): Uint8Array | undefined {
  if (pem.length > MAX_PEM_LENGTH) return undefined
  const start = pem.indexOf(BEGIN)
  const end = start === -1 ? -1 : pem.indexOf('-----END CERTIFICATE-----', start)
  const der = end === -1 ? undefined : decodeBase64(pem.slice(start + BEGIN.length, end).replace(/\s+/g, ''))
  return der && certificatePublicKey(der)
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
