import { createPublicKey, generateKeyPairSync, type KeyObject, sign as nodeSign } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { utf8 } from '../../src/bytes/encoding.ts'
import type { WebhookRequest } from '../../src/model/http.ts'
import {
  type AsymmetricAlgorithm,
  type AsymmetricSignatureOptions,
  asymmetricSignature,
} from '../../src/signatures/index.ts'

const BODY = utf8('{"id":1}')
const NOW = 1_767_225_600_000
const TIME = String(NOW / 1000)
const der = (key: KeyObject, type: 'spki' | 'pkcs8'): Uint8Array => new Uint8Array(key.export({ format: 'der', type }))
const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64')

const PAIRS = {
  ed25519: generateKeyPairSync('ed25519'),
  'ecdsa-p256-sha256': generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  'rsa-sha256': generateKeyPairSync('rsa', { modulusLength: 2048 }),
  'rsa-sha1': generateKeyPairSync('rsa', { modulusLength: 2048 }),
} as const
const DIGESTS = { ed25519: null, 'ecdsa-p256-sha256': 'sha256', 'rsa-sha256': 'sha256', 'rsa-sha1': 'sha1' } as const
const algorithms = Object.keys(PAIRS) as readonly AsymmetricAlgorithm[]

const shape = {
  signature: { header: 'x-signature' },
  encoding: 'base64',
  timestamp: { from: { header: 'x-time' } },
  message: '{timestamp}|{body}',
} as const
const scheme = (algorithm: AsymmetricAlgorithm, options: Partial<AsymmetricSignatureOptions> = {}) =>
  asymmetricSignature({ ...shape, algorithm, publicKey: der(PAIRS[algorithm].publicKey, 'spki'), ...options })
/** As a sender would make it, with node:crypto. */
const signatureOf = (algorithm: AsymmetricAlgorithm, body = BODY, time = TIME): Uint8Array =>
  new Uint8Array(
    nodeSign(DIGESTS[algorithm], Buffer.concat([Buffer.from(`${time}|`), body]), PAIRS[algorithm].privateKey),
  )
const request = (signature: Uint8Array | string, body = BODY, time = TIME): WebhookRequest => ({
  method: 'POST',
  url: '/',
  headers: { 'x-signature': typeof signature === 'string' ? signature : base64(signature), 'x-time': time },
  body,
})

describe.each(algorithms)('%s', algorithm => {
  const pair = PAIRS[algorithm]

  it('accepts what node:crypto signs, and nothing else', async () => {
    const signature = signatureOf(algorithm)
    const verifier = scheme(algorithm)
    const verdict = async (...given: Parameters<typeof request>): Promise<string> => {
      const result = await verifier.verify(request(...given), { now: NOW })
      return result.ok ? 'ok' : result.code
    }
    expect(await verdict(signature)).toBe('ok')
    expect(await verdict(signature, utf8('{"id":2}'))).toBe('signature_mismatch')
    expect(await verdict(signature, BODY, String(Number(TIME) + 1))).toBe('signature_mismatch')
    expect(await verdict(signature, BODY, '1')).toBe('timestamp_too_old')
    expect(await verdict('?')).toBe('malformed_signature')
    expect(await verdict('')).toBe('missing_header')
    for (const at of [0, 1, 5, signature.length >> 1, signature.length - 1]) {
      const changed = signature.slice()
      changed[at] = (changed[at] ?? 0) ^ 1
      expect(await verdict(changed)).not.toBe('ok')
    }
    for (const length of [0, 1, 32, 63, signature.length - 1])
      expect(await verdict(signature.slice(0, length))).not.toBe('ok')
    expect(await verdict(Uint8Array.of(...signature, 0))).not.toBe('ok')
  })

  it('takes the key as bytes, PEM, base64 and hex, and any of several', async () => {
    const spki = der(pair.publicKey, 'spki')
    const pem = pair.publicKey.export({ format: 'pem', type: 'spki' }).toString()
    const other = generateKeyPairSync('ed25519').publicKey
    const keys: ReadonlyArray<Partial<AsymmetricSignatureOptions>> = [
      { publicKey: spki },
      { publicKey: pem, keyFormat: 'pem' },
      { publicKey: pem.trim().replace(/\n/g, '\r\n') },
      { publicKey: base64(spki), keyFormat: 'spki' },
      { publicKey: Buffer.from(spki).toString('hex'), key: { decode: 'hex' } },
      ...(algorithm === 'ed25519'
        ? [{ publicKey: [der(other, 'spki'), spki] }, { publicKey: spki.slice(12), keyFormat: 'raw' as const }]
        : []),
    ]
    for (const options of keys) {
      const verdict = await scheme(algorithm, options).verify(request(signatureOf(algorithm)), { now: NOW })
      expect(verdict).toEqual({ ok: true, timestampMs: NOW })
    }
  })

  it('signs for tests when it holds the private key', async () => {
    const privateKey = der(pair.privateKey, 'pkcs8')
    const signer = scheme(algorithm, { privateKey })
    const unsigned = { method: 'POST', url: '/', headers: {}, body: BODY }
    const proved = await signer.authenticate?.(unsigned, { now: NOW })
    expect(proved && (await scheme(algorithm).verify(proved, { now: NOW }))).toMatchObject({ ok: true })
    expect(scheme(algorithm).authenticate).toBeUndefined()
    await expect(Promise.resolve(scheme(algorithm).sign({ body: BODY }))).rejects.toThrow(/privateKey/)
  })

  it.each<[string, object]>([
    ['none', { publicKey: undefined }],
    ['empty', { publicKey: '' }],
    ['an empty list', { publicKey: [] }],
    ['no encoded text', { publicKey: 'not a key!' }],
    ['too short', { publicKey: 'AAAA' }],
    ['a private key', { publicKey: '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----' }],
  ])('is not built with a key that is %s', (_case, options) => {
    expect(() => scheme(algorithm, options)).toThrow(
      expect.objectContaining({ name: 'WebhookError', code: 'invalid_secret' }),
    )
  })
})

describe('the DER form of ECDSA signatures', () => {
  it('is read for any signature that node:crypto makes', async () => {
    const verifier = scheme('ecdsa-p256-sha256')
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 50 }), async body => {
        const verdict = await verifier.verify(request(signatureOf('ecdsa-p256-sha256', body), body), { now: NOW })
        expect(verdict.ok).toBe(true)
      }),
      { numRuns: 200 },
    )
  })

  it('is read in its one right encoding only', async () => {
    const verifier = scheme('ecdsa-p256-sha256')
    const signature = [...signatureOf('ecdsa-p256-sha256')]
    const [, length = 0, , rLength = 0] = signature
    const wrong: ReadonlyArray<readonly number[]> = [
      [0x30, 0x81, length, ...signature.slice(2)],
      [0x31, ...signature.slice(1)],
      [0x30, length + 1, ...signature.slice(2), 0],
      [0x30, length + 1, 0x02, rLength + 1, 0, ...signature.slice(4)],
      [...signature, 0],
      signature.slice(4, 4 + rLength),
      [0x30, 0],
      [0x30, 6, 0x02, 1, 0, 0x02, 1, 0],
      [0x30, 4, 0x02, 0, 0x02, 0],
      [],
    ]
    for (const bytes of wrong) {
      expect((await verifier.verify(request(Uint8Array.from(bytes)), { now: NOW })).ok, JSON.stringify(bytes)).toBe(
        false,
      )
    }
  })
})

it.each([
  ['ecdsa-p256-sha256', 'rsa-sha256'],
  ['rsa-sha256', 'ecdsa-p256-sha256'],
  ['rsa-sha1', 'ecdsa-p256-sha256'],
] as const)('%s refuses, and does not reject, with a key of %s', async (algorithm, other) => {
  const verifier = scheme(algorithm, { publicKey: der(PAIRS[other].publicKey, 'spki') })
  const verdict = await verifier.verify(request(signatureOf(algorithm)), { now: NOW })
  expect(verdict).toMatchObject({ ok: false, code: 'signature_mismatch' })
})

describe('published values', () => {
  // RFC 8032, section 7.1, test 2.
  it.each([
    '4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb',
    '4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c',
  ])('ed25519 with the private key %s', async privateKey => {
    const verifier = asymmetricSignature({
      algorithm: 'ed25519',
      publicKey: '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c',
      key: { decode: 'hex' },
      privateKey: new Uint8Array(Buffer.from(privateKey, 'hex')),
      signature: { header: 'x-signature' },
    })
    const expected =
      '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00'
    expect(await verifier.sign({ body: Uint8Array.of(0x72) })).toEqual({ 'x-signature': expected })
    expect(await verifier.verify({ ...request(expected), body: Uint8Array.of(0x72) })).toEqual({ ok: true })
  })
})

it('refuses algorithms that are not there', () => {
  const publicKey = createPublicKey(PAIRS.ed25519.privateKey).export({ format: 'pem', type: 'spki' }).toString()
  for (const algorithm of ['rsa-md5', 'constructor', undefined]) {
    expect(() => asymmetricSignature({ ...shape, publicKey, algorithm: algorithm as AsymmetricAlgorithm })).toThrow(
      /algorithm/,
    )
  }
})
