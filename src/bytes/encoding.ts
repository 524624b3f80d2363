/** Text as UTF-8 bytes. */
export function utf8(text: string): Uint8Array {
  return encoder.encode(text)
}

const encoder = new TextEncoder()
const decoder = new TextDecoder()
const strictDecoder = new TextDecoder('utf-8', { fatal: true })

/** Bytes as text; `undefined` when they are not UTF-8. A leading byte order mark is dropped. */
export function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return strictDecoder.decode(bytes)
  } catch {
    return undefined
  }
}

const HEX_DIGITS = '0123456789abcdef'
const HEX_CODES = utf8(HEX_DIGITS)

/** Lower-case hex. */
export function encodeHex(bytes: Uint8Array): string {
  const text = new Uint8Array(2 * bytes.length)
  for (let i = 0, at = 0; i < bytes.length; i++) {
    const byte = bytes[i] ?? 0
    text[at++] = HEX_CODES[byte >> 4] ?? 0
    text[at++] = HEX_CODES[byte & 15] ?? 0
  }
  return decoder.decode(text)
}

/** Hex digits in either case; `undefined` when anything else is among them or their number is odd. */
export function decodeHex(text: string): Uint8Array | undefined {
  if (text.length % 2 !== 0) return undefined
  const length = text.length >> 1
  const bytes = new Uint8Array(length)
  // Negative as soon as one digit is: looked at once, at the end.
  let seen = 0
  for (let i = 0; i < length; i++) {
    const byte = ((HEX_VALUES[text.charCodeAt(2 * i)] ?? -1) << 4) | (HEX_VALUES[text.charCodeAt(2 * i + 1)] ?? -1)
    seen |= byte
    bytes[i] = byte
  }
  return seen < 0 ? undefined : bytes
}

const HEX_VALUES = valuesOf(HEX_DIGITS)
for (let value = 10; value < 16; value++) HEX_VALUES[HEX_DIGITS.toUpperCase().charCodeAt(value)] = value

const ALPHANUMERIC = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'
const BASE64 = `${ALPHANUMERIC}+/`
const BASE64URL = `${ALPHANUMERIC}-_`

const BASE64_CODES = utf8(BASE64)
const BASE64URL_CODES = utf8(BASE64URL)

/** Base64 with padding (RFC 4648 section 4). */
export function encodeBase64(bytes: Uint8Array): string {
  const text = encodeSextets(bytes, BASE64_CODES)
  return text.padEnd(4 * Math.ceil(text.length / 4), '=')
}

/** Base64url without padding (RFC 4648 section 5). */
export function encodeBase64Url(bytes: Uint8Array): string {
  return encodeSextets(bytes, BASE64URL_CODES)
}

/** Written as bytes and made a text at once: a text that grows by characters costs four times as much. */
function encodeSextets(bytes: Uint8Array, codes: Uint8Array): string {
  const text = new Uint8Array(Math.ceil((bytes.length * 4) / 3))
  for (let i = 0, at = 0; i < bytes.length; i += 3) {
    const triple = ((bytes[i] ?? 0) << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0)
    // What lies behind the end of a typed array is not written.
    text[at++] = codes[triple >> 18] ?? 0
    text[at++] = codes[(triple >> 12) & 63] ?? 0
    text[at++] = codes[(triple >> 6) & 63] ?? 0
    text[at++] = codes[triple & 63] ?? 0
  }
  return decoder.decode(text)
}

/** Strict base64, padded; `undefined` for any other character, wrong length or stray bits at the end. */
export function decodeBase64(text: string): Uint8Array | undefined {
  if (text.length % 4 !== 0) return undefined
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0
  return decodeSextets(text, text.length - padding, STANDARD_VALUES)
}

/** Strict base64url, with or without padding. */
export function decodeBase64Url(text: string): Uint8Array | undefined {
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0
  if (padding > 0 && text.length % 4 !== 0) return undefined
  return decodeSextets(text, text.length - padding, URL_VALUES)
}

const STANDARD_VALUES = valuesOf(BASE64)
const URL_VALUES = valuesOf(BASE64URL)

/** Value of each ASCII character; -1 for those that are not digits. */
function valuesOf(alphabet: string): Int8Array {
  const values = new Int8Array(128).fill(-1)
  for (let i = 0; i < alphabet.length; i++) values[alphabet.charCodeAt(i)] = i
  return values
}

function decodeSextets(text: string, length: number, values: Int8Array): Uint8Array | undefined {
  if (length % 4 === 1) return undefined
  const bytes = new Uint8Array(Math.floor((length * 3) / 4))
  // Behind the last digit zeros are read; the bits that no byte takes must be zero too.
  const valueAt = (i: number): number => (i < length ? (values[text.charCodeAt(i)] ?? -1) : 0)
  // Negative as soon as one digit is: looked at once, at the end.
  let seen = 0
  let rest = 0
  for (let i = 0, at = 0; i < length; i += 4, at += 3) {
    const quad = (valueAt(i) << 18) | (valueAt(i + 1) << 12) | (valueAt(i + 2) << 6) | valueAt(i + 3)
    seen |= quad
    bytes[at] = quad >> 16
    bytes[at + 1] = quad >> 8
    bytes[at + 2] = quad
    rest = i + 4 <= length ? 0 : quad & (length - i === 2 ? 0xffff : 0xff)
  }
  return seen < 0 || rest !== 0 ? undefined : bytes
}
