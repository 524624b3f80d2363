/** One element of DER (ITU-T X.690): where its content lies within the bytes. */
interface DerElement {
  readonly tag: number
  /** First byte of the element. */
  readonly from: number
  readonly contentFrom: number
  readonly end: number
}

const SEQUENCE = 0x30
const INTEGER = 0x02
/** `[0]`, which holds the version of a certificate. */
const EXPLICIT_0 = 0xa0

/**
 * The public key (SubjectPublicKeyInfo) of an X.509 certificate in DER: Web Crypto takes the one, but not the other.
 * Reads only as far as the key, by RFC 5280 section 4.1, and checks nothing else: trust comes from where the
 * certificate was loaded.
 *
 * @returns `undefined` for anything that is not a certificate.
 */
export function certificatePublicKey(der: Uint8Array): Uint8Array | undefined {
  const certificate = readElement(der, 0, der.length)
  if (certificate?.tag !== SEQUENCE || certificate.end !== der.length) return undefined
  const body = readElement(der, certificate.contentFrom, certificate.end)
  if (body?.tag !== SEQUENCE) return undefined
  let at = body.contentFrom
  const version = readElement(der, at, body.end)
  if (version?.tag === EXPLICIT_0) at = version.end
  // Serial number, signature algorithm, issuer, validity, subject; then the key.
  for (const tag of [INTEGER, SEQUENCE, SEQUENCE, SEQUENCE, SEQUENCE]) {
    const element = readElement(der, at, body.end)
    if (element?.tag !== tag) return undefined
    at = element.end
  }
  const key = readElement(der, at, body.end)
  return key?.tag === SEQUENCE ? der.slice(key.from, key.end) : undefined
}

/** Definite lengths in their shortest form only, at most four bytes of length, single-byte tags. */
function readElement(der: Uint8Array, from: number, limit: number): DerElement | undefined {
  const tag = der[from]
  const first = der[from + 1]
  if (tag === undefined || first === undefined || from + 2 > limit || (tag & 0x1f) === 0x1f) return undefined
  if (first < 0x80) return within({ tag, from, contentFrom: from + 2, end: from + 2 + first }, limit)
  const count = first & 0x7f
  if (count === 0 || count > 4 || from + 2 + count > limit) return undefined
  let length = 0
  for (let i = 0; i < count; i++) length = length * 256 + (der[from + 2 + i] ?? 0)
  if (length < 0x80 || length < 256 ** (count - 1)) return undefined
  return within({ tag, from, contentFrom: from + 2 + count, end: from + 2 + count + length }, limit)
}

function within(element: DerElement, limit: number): DerElement | undefined {
  return element.end <= limit ? element : undefined
}
