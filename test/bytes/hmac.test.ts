import { createHash, createHmac } from 'node:crypto'
import fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import { DIGESTS } from '../../src/bytes/digests.ts'
import { encodeHex, utf8 } from '../../src/bytes/encoding.ts'
import { hash, type NativeCrypto, nativeCrypto, SHA256 } from '../../src/bytes/hash.ts'
import { chooseBackend, hmacKey, nativeHmac, nobleHmac, selectHmacBackend } from '../../src/bytes/hmac.ts'

const native = nativeCrypto()
if (native === undefined) throw new Error('these tests compare with node:crypto')
const backends = [
  ['native', nativeHmac(native)],
  ['@noble/hashes', nobleHmac],
] as const
const digests = Object.values(DIGESTS)

/** RFC 4231, section 4: key, data, HMAC-SHA-256. */
const RFC_4231 = [
  ['0b'.repeat(20), utf8('Hi There'), 'b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7'],
  [
    '4a656665',
    utf8('what do ya want for nothing?'),
    '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
  ],
  ['aa'.repeat(20), new Uint8Array(50).fill(0xdd), '773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe'],
  [
    '0102030405060708090a0b0c0d0e0f10111213141516171819',
    new Uint8Array(50).fill(0xcd),
    '82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b',
  ],
  [
    'aa'.repeat(131),
    utf8('Test Using Larger Than Block-Size Key - Hash Key First'),
    '60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54',
  ],
  [
    'aa'.repeat(131),
    utf8(
      'This is a test using a larger than block-size key and a larger than block-size data. ' +
        'The key needs to be hashed before being used by the HMAC algorithm.',
    ),
    '9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2',
  ],
] as const

afterEach(() => selectHmacBackend(undefined))

describe.each(backends)('HMAC, %s', (_name, backend) => {
  it.each(RFC_4231)('RFC 4231 with the key %s', (key, data, mac) => {
    expect(encodeHex(backend(SHA256, Buffer.from(key, 'hex')).mac([data]))).toBe(mac)
  })

  it('RFC 2202, test case 2 of HMAC-SHA-1', () => {
    const mac = backend(DIGESTS.sha1, utf8('Jefe')).mac(['what do ya want for nothing?'])
    expect(encodeHex(mac)).toBe('effcdf6ae5eb2fa2d27416d5f184df9c259a7c79')
  })

  it('gives what node:crypto gives, for any key and any parts', () => {
    const part = fc.oneof(fc.uint8Array({ maxLength: 300 }), fc.string({ unit: 'grapheme', maxLength: 60 }))
    fc.assert(
      fc.property(
        fc.constantFrom(...digests),
        fc.uint8Array({ minLength: 1, maxLength: 200 }),
        fc.array(part, { maxLength: 5 }),
        (digest, key, parts) => {
          const expected = createHmac(digest.name, key)
          for (const piece of parts) expected.update(piece)
          expect(encodeHex(backend(digest, key).mac(parts))).toBe(expected.digest('hex'))
        },
      ),
    )
  })

  it.each([32_767, 32_768, 32_769, 40_000])('gives the same for %i bytes, where the way of hashing changes', length => {
    const data = new Uint8Array(length).map((_, i) => i * 7)
    const [key, text] = [utf8('key'), '1700000000.']
    const expected = createHmac('sha256', key).update(text).update(data).digest('hex')
    expect(encodeHex(backend(SHA256, key).mac([text, data]))).toBe(expected)
    const long = 'é'.repeat(length)
    expect(encodeHex(backend(SHA256, key).mac([long, data]))).toBe(
      createHmac('sha256', key).update(long).update(data).digest('hex'),
    )
  })

  it('keeps messages apart: keys and calls do not see what another left behind', () => {
    const [one, two] = [backend(SHA256, utf8('one')), backend(DIGESTS.sha512, utf8('two'))]
    const first = one.mac(['a long message that stays in the buffer', new Uint8Array(5_000)])
    two.mac(['x'])
    expect(one.mac(['a long message that stays in the buffer', new Uint8Array(5_000)])).toEqual(first)
    const empty = one.mac([])
    expect(encodeHex(empty)).toBe(createHmac('sha256', 'one').digest('hex'))
    empty.fill(0)
    expect(encodeHex(one.mac([]))).toBe(createHmac('sha256', 'one').digest('hex'))
  })

  it('does not change with the caller’s key bytes', () => {
    const key = utf8('a key that is wiped')
    const prepared = backend(SHA256, key)
    const before = prepared.mac(['x'])
    const large = new Uint8Array(50_000)
    const beforeLarge = prepared.mac([large])
    key.fill(0)
    expect(prepared.mac(['x'])).toEqual(before)
    expect(prepared.mac([large])).toEqual(beforeLarge)
  })

  it('writes a lone surrogate as every encoder does', () => {
    expect(backend(SHA256, utf8('k')).mac(['\ud800'])).toEqual(backend(SHA256, utf8('k')).mac(['\ufffd']))
  })
})

describe('the choice of a back end', () => {
  const broken = (change: Partial<NativeCrypto>): NativeCrypto => ({
    hash: native.hash,
    createHmac: native.createHmac,
    createSecretKey: native.createSecretKey,
    ...change,
  })

  it('takes the native one where it passes the self-test', () => {
    for (const digest of digests) expect(chooseBackend(native, digest)).not.toBe(nobleHmac)
  })

  it.each([
    ['there is none', undefined],
    [
      'an algorithm is missing',
      broken({
        hash: () => {
          throw new Error('unsupported')
        },
      }),
    ],
    [
      'digests come in another encoding',
      broken({ hash: (algorithm, data) => createHash(algorithm).update(data).digest('hex') }),
    ],
    ['digests are wrong', broken({ hash: () => '\0'.repeat(32) })],
    [
      'long messages are wrong',
      broken({ createHmac: () => ({ update: () => undefined, digest: () => '\0'.repeat(32) }) }),
    ],
  ])('takes the portable one where %s', (_case, crypto) => {
    expect(chooseBackend(crypto, SHA256)).toBe(nobleHmac)
  })

  it('can be fixed', () => {
    const made: string[] = []
    selectHmacBackend((digest, key) => {
      made.push(digest.name)
      return nobleHmac(digest, key)
    })
    hmacKey(DIGESTS.sha384, utf8('k'))
    expect(made).toEqual(['sha384'])
  })
})

describe('hash', () => {
  // FIPS 180-2, appendix B.1.
  it('gives the SHA-256 of abc', () => {
    expect(encodeHex(hash(SHA256, utf8('abc')))).toBe(
      'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
    )
  })

  it('gives the same natively and portably', () => {
    fc.assert(
      fc.property(fc.constantFrom(...digests), fc.uint8Array({ maxLength: 500 }), (digest, bytes) => {
        expect(hash(digest, bytes)).toEqual(digest.noble(bytes))
      }),
    )
  })
})
