import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { constantTimeEqual } from '../../src/bytes/constant-time.ts'
import {
  decodeBase64,
  decodeBase64Url,
  decodeHex,
  decodeUtf8,
  encodeBase64,
  encodeBase64Url,
  encodeHex,
  utf8,
} from '../../src/bytes/encoding.ts'

const bytes = fc.uint8Array({ maxLength: 100 })
/** Mostly text of the alphabet, with a sprinkle of what is not. */
const nearText = fc.string({ unit: fc.constantFrom(...'ABab019fFgGzZ+/-_== \n\0é\u{1f600}%'), maxLength: 12 })

const codecs = [
  ['hex', encodeHex, decodeHex, 'hex'],
  ['base64', encodeBase64, decodeBase64, 'base64'],
  ['base64url', encodeBase64Url, decodeBase64Url, 'base64url'],
] as const

describe.each(codecs)('%s', (_name, encode, decode, nodeName) => {
  it('writes what Node writes, and reads it back', () => {
    fc.assert(
      fc.property(bytes, original => {
        const text = encode(original)
        expect(text).toBe(Buffer.from(original).toString(nodeName))
        expect(decode(text)).toEqual(original)
      }),
    )
  })

  it('refuses every text that is not the encoding of what it gives', () => {
    fc.assert(
      fc.property(fc.oneof(nearText, fc.string({ maxLength: 12 })), text => {
        const decoded = decode(text)
        const canonical =
          nodeName === 'hex' ? text.toLowerCase() : nodeName === 'base64url' ? text.replace(/={1,2}$/, '') : text
        if (decoded !== undefined) expect(encode(decoded)).toBe(canonical)
      }),
      { numRuns: 3_000 },
    )
  })

  it('reads nothing from nothing', () => {
    expect(decode('')).toEqual(new Uint8Array())
  })
})

describe('what is refused', () => {
  it.each(['0', '0g', 'g0', '0x00', ' 00', '00 ', '00\n', '0０', '--', 'é0', '\u0130\u0130'])('as hex: %j', text => {
    expect(decodeHex(text)).toBeUndefined()
  })

  it('but hex digits of either case are read', () => {
    expect(decodeHex('aAfF09')).toEqual(Uint8Array.of(0xaa, 0xff, 0x09))
  })

  it.each([
    ['no padding', 'AA'],
    ['too little padding', 'AA='],
    ['too much padding', 'AAA=='],
    ['padding alone', '===='],
    ['padding in the middle', 'AA==AAAA'],
    ['stray bits', 'AB=='],
    ['stray bits of two digits', 'AAB='],
    ['a blank', 'AA A'],
    ['a line break', 'AAAA\n'],
    ['the other alphabet', 'AA-_'],
    ['a NUL', 'AAA\0'],
    ['a wide character', 'AAAé'],
    ['a character beyond the table', 'AAA\u0141'],
  ])('as base64: %s', (_case, text) => {
    expect(decodeBase64(text)).toBeUndefined()
  })

  it.each(['A', 'AB', 'AAB', 'AA+/', 'AA=', 'AAA==', 'AAAA=', '=', 'AA==A'])('as base64url: %j', text => {
    expect(decodeBase64Url(text)).toBeUndefined()
  })

  it.each([['AA'], ['AA=='], ['AAA'], ['AAA='], ['-_-_']])(
    'but base64url is read with and without padding: %s',
    text => {
      expect(decodeBase64Url(text)).toEqual(new Uint8Array(Buffer.from(text, 'base64url')))
    },
  )

  it('as UTF-8', () => {
    expect(decodeUtf8(Uint8Array.of(0xff))).toBeUndefined()
    expect(decodeUtf8(Uint8Array.of(0xc0, 0xaf))).toBeUndefined()
    expect(decodeUtf8(Uint8Array.of(0xed, 0xa0, 0x80))).toBeUndefined()
    expect(decodeUtf8(utf8('Jiří'))).toBe('Jiří')
  })
})

describe('constantTimeEqual', () => {
  it('says whether all bytes are equal', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 1 }),
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        (original, at, change) => {
          const other = original.slice()
          expect(constantTimeEqual(original, other)).toBe(true)
          other[at % other.length] = (other[at % other.length] ?? 0) ^ change
          expect(constantTimeEqual(original, other)).toBe(false)
        },
      ),
    )
  })

  it('refuses a prefix', () => {
    expect(constantTimeEqual(Uint8Array.of(1, 2), Uint8Array.of(1, 2, 3))).toBe(false)
    expect(constantTimeEqual(new Uint8Array(), Uint8Array.of(0))).toBe(false)
    expect(constantTimeEqual(new Uint8Array(), new Uint8Array())).toBe(true)
  })
})
