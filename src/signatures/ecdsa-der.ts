/**
 * An ECDSA signature out of DER (RFC 3279, `SEQUENCE { r INTEGER, s INTEGER }`) into the form of Web Crypto: r and s
 * one after the other, `size` bytes each. `undefined` for anything but the one right encoding.
 */
export function derToRaw(der: Uint8Array, size: number): Uint8Array | undefined {
  if (der[0] !== 0x30 || der[1] !== der.length - 2 || der.length > 127) return undefined
  const raw = new Uint8Array(2 * size)
  let at = 2
  for (const half of [0, 1]) {
    const length = der[at + 1] ?? 0
    const integer = der.subarray(at + 2, at + 2 + length)
    if (der[at] !== 0x02 || length === 0 || integer.length !== length) return undefined
    const [first = 0, second = 0] = integer
    const negative = first >= 0x80
    const padded = first === 0 && length > 1
    if (negative || (padded && second < 0x80)) return undefined
    const digits = padded ? integer.subarray(1) : integer
    if (digits.length > size) return undefined
    raw.set(digits, size * (half + 1) - digits.length)
    at += 2 + length
  }
  return at === der.length ? raw : undefined
}

/** The opposite of {@link derToRaw}. */
export function rawToDer(raw: Uint8Array): Uint8Array {
  const size = raw.length / 2
  const integers = [raw.subarray(0, size), raw.subarray(size)].flatMap(half => {
    const start = half.findIndex(byte => byte !== 0)
    const digits = start === -1 ? Uint8Array.of(0) : half.subarray(start)
    const padding = (digits[0] ?? 0) >= 0x80 ? [0] : []
    return [0x02, digits.length + padding.length, ...padding, ...digits]
  })
  return Uint8Array.of(0x30, integers.length, ...integers)
}
