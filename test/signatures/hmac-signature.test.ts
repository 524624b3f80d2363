import { createHmac } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { encodeBase64, utf8 } from '../../src/bytes/encoding.ts'
import type { HeadersInput, WebhookRequest } from '../../src/model/http.ts'
import {
  type HmacSignature,
  type HmacSignatureOptions,
  hmacSignature,
  type SignatureShape,
} from '../../src/signatures/index.ts'

const SECRET = 'a-shared-secret'
const NOW = 1_767_225_600_000
const BODY = '{"id":1}'
const hex = (text: string | Uint8Array, secret = SECRET): string =>
  createHmac('sha256', secret).update(text).digest('hex')
const request = (headers: HeadersInput, body: string | Uint8Array = BODY): WebhookRequest => ({
  method: 'POST',
  url: 'https://hooks.example.com/crm?a=1',
  headers,
  body: typeof body === 'string' ? utf8(body) : body,
})
const code = (scheme: HmacSignature, headers: HeadersInput, body?: string | Uint8Array, now = NOW): string => {
  const verdict = scheme.verify(request(headers, body), { now })
  return verdict.ok ? 'ok' : verdict.code
}

describe('published values', () => {
  it.each([
    [
      'Cal.com',
      'cal-secret',
      '{"triggerEvent":"BOOKING_CREATED","createdAt":"2024-01-01T00:00:00.000Z","payload":{"uid":"u1"}}',
      '0b5819863a56dc4a20e5419c49d3ae5c76ae13779f5f0fb7942ce769ceb6019e',
    ],
    [
      'a custom Pipedrive sender',
      'your_custom_secret_key',
      '{"event":"updated.deal","meta":{"action":"updated","object":"deal","id":12345}}',
      'ea5b5684a10bfb2d8de81c625b0643adf47ec3004948f0584463ec301d3cb319',
    ],
    [
      'AskPro',
      'whsec_test',
      '{"ticket":{"reference":"TKT-2025-00001"}}',
      'a4a739ecad31400a31979b858da46b56d1c63a9c57168bd6a53b6cd3dc1d6bc9',
    ],
    [
      'WhatsCRM',
      'your-webhook-secret',
      '{"event":"message.new","timestamp":"2024-01-01T12:00:00.000Z","data":{"messageId":"msg_123","conversationId":"conv_456","contactId":"contact_789","direction":"inbound","type":"text","content":"Hello!","timestamp":"2024-01-01T12:00:00.000Z"}}',
      'ea9e8d23eae8a7f5fa8d0b5ee2c8fc056c1ffe4352638419c37b01c176e61129',
    ],
  ])('bare hex over the body: %s', (_sender, secret, body, signature) => {
    const scheme = hmacSignature({ secret, signature: { header: 'x-signature' } })
    expect(scheme.sign({ body })).toEqual({ 'x-signature': signature })
    expect(code(scheme, { 'x-signature': signature }, body)).toBe('ok')
  })

  it.each([
    [
      'v=…,d=…',
      'v',
      'd',
      'ms',
      '{body}{timestamp}',
      'v=1700000000000,d=07024cabe7dd8f6d1c6e4a8324ca92c812e6ad4a7ee506c04f7e462e3321823e',
    ],
    [
      't=…,v1=…',
      't',
      'v1',
      's',
      '{timestamp}.{body}',
      't=1700000000,v1=0b72f42883719030d1147ec0682c07c59e7fceca365f7c2606abe2cfe442b2bd',
    ],
  ] as const)('Retell as %s', (_form, timeTag, tag, unit, message, signature) => {
    const scheme = hmacSignature({
      secret: 'test-api-key',
      signature: { header: 'x-retell-signature', list: { separator: ',', tagSeparator: '=', tag } },
      timestamp: { from: { tag: timeTag }, unit },
      message,
    })
    const body = '{"event":"call_ended"}'
    expect(scheme.sign({ body, timestampMs: 1_700_000_000_000 })).toEqual({ 'x-retell-signature': signature })
    expect(scheme.verify(request({ 'x-retell-signature': signature }, body), { now: 1_700_000_000_000 })).toEqual({
      ok: true,
      timestampMs: 1_700_000_000_000,
    })
  })
})

describe('what a plain header is refused for', () => {
  const scheme = hmacSignature({ secret: SECRET, signature: { header: 'X-Signature', prefix: 'sha256=' } })
  const right = `sha256=${hex(BODY)}`

  it.each<[string, HeadersInput, string]>([
    ['the right signature', { 'x-signature': right }, 'ok'],
    ['in upper-case hex', { 'x-signature': `sha256=${hex(BODY).toUpperCase()}` }, 'ok'],
    ['in a Headers object', new Headers({ 'X-Signature': right }), 'ok'],
    ['in pairs', [['X-SIGNATURE', right]], 'ok'],
    ['no header', {}, 'missing_header'],
    ['an empty one', { 'x-signature': '' }, 'missing_header'],
    ['two of them', { 'x-signature': [right, right] }, 'duplicate_header'],
    [
      'two in pairs',
      [
        ['x-signature', right],
        ['X-Signature', right],
      ],
      'duplicate_header',
    ],
    ['two joined by the host', { 'x-signature': `${right}, ${right}` }, 'malformed_signature'],
    ['no prefix', { 'x-signature': hex(BODY) }, 'malformed_signature'],
    ['a prefix of another case', { 'x-signature': right.replace('sha', 'SHA') }, 'malformed_signature'],
    ['another prefix', { 'x-signature': right.replace('256', '512') }, 'malformed_signature'],
    ['a blank before', { 'x-signature': ` ${right}` }, 'malformed_signature'],
    ['a blank after', { 'x-signature': `${right} ` }, 'malformed_signature'],
    ['a byte order mark', { 'x-signature': `\ufeff${right}` }, 'malformed_signature'],
    ['a digit too few', { 'x-signature': right.slice(0, -1) }, 'malformed_signature'],
    ['a byte too few', { 'x-signature': right.slice(0, -2) }, 'malformed_signature'],
    ['a byte too many', { 'x-signature': `${right}00` }, 'malformed_signature'],
    ['no digits', { 'x-signature': 'sha256=' }, 'malformed_signature'],
    [
      'base64 instead',
      { 'x-signature': `sha256=${Buffer.from(hex(BODY), 'hex').toString('base64')}` },
      'malformed_signature',
    ],
    ['a wide digit', { 'x-signature': right.replace(/.$/, '０') }, 'malformed_signature'],
    ['a signature of something else', { 'x-signature': `sha256=${hex('other')}` }, 'signature_mismatch'],
    ['a signature with another secret', { 'x-signature': `sha256=${hex(BODY, 'other')}` }, 'signature_mismatch'],
    ['zeros', { 'x-signature': `sha256=${'0'.repeat(64)}` }, 'signature_mismatch'],
  ])('%s', (_case, headers, expected) => {
    expect(code(scheme, headers)).toBe(expected)
  })

  it('covers the exact bytes, which need not be text', () => {
    const bytes = Uint8Array.of(0, 255, 254, 128)
    expect(code(scheme, { 'x-signature': `sha256=${hex(bytes)}` }, bytes)).toBe('ok')
    expect(code(scheme, { 'x-signature': `sha256=${hex(BODY)}` }, `\ufeff${BODY}`)).toBe('signature_mismatch')
    expect(code(scheme, { 'x-signature': `sha256=${hex(BODY)}` }, `${BODY}\n`)).toBe('signature_mismatch')
  })

  it('says neither the secret nor the expected digest', () => {
    const verdict = scheme.verify(request({ 'x-signature': `sha256=${hex('other')}` }))
    expect(JSON.stringify(verdict)).not.toMatch(new RegExp(`${SECRET}|${hex(BODY).slice(0, 8)}`))
  })
})

describe('what a list is refused for', () => {
  const scheme = hmacSignature({
    secret: ['new-secret', SECRET],
    signature: { header: 'x-signature', list: { separator: ',', tagSeparator: '=', tag: 'v1' } },
    timestamp: { from: { tag: 't' } },
    message: '{timestamp}.{body}',
  })
  const t = NOW / 1000
  const mac = (time: string | number = t): string => hex(`${time}.${BODY}`)

  it.each([
    [`t=${t},v1=${mac()}`, 'ok'],
    [`v1=${mac()},t=${t}`, 'ok'],
    [`t=${t}, v1=${mac()}`, 'ok'],
    [`t=${t},v0=${mac()},v1=${hex('x')},v1=${mac()}`, 'ok'],
    [`t=${t},v1=nonsense,v1=${mac()}`, 'ok'],
    [`t=${t},v1=${hex(`${t}.${BODY}`, 'new-secret')}`, 'ok'],
    [`t=${t},v0=${mac()}`, 'malformed_signature'],
    [`t=${t},V1=${mac()}`, 'malformed_signature'],
    [`t=${t}`, 'malformed_signature'],
    [`v1=${mac()}`, 'malformed_signature'],
    [`t=${t},t=${t},v1=${mac()}`, 'malformed_signature'],
    [`t=${t};v1=${mac()}`, 'malformed_signature'],
    [`t=${t},v1=`, 'malformed_signature'],
    [`t=,v1=${mac('')}`, 'malformed_timestamp'],
    [`t=abc,v1=${mac('abc')}`, 'malformed_timestamp'],
    [`t=NaN,v1=${mac('NaN')}`, 'malformed_timestamp'],
    [`t=-${t},v1=${mac(`-${t}`)}`, 'malformed_timestamp'],
    [`t=+${t},v1=${mac(`+${t}`)}`, 'malformed_timestamp'],
    [`t=${t}.0,v1=${mac(`${t}.0`)}`, 'malformed_timestamp'],
    [`t=${t}e0,v1=${mac(`${t}e0`)}`, 'malformed_timestamp'],
    [`t=0x69560580,v1=${mac('0x69560580')}`, 'malformed_timestamp'],
    [`t=${'9'.repeat(400)},v1=${mac('9'.repeat(400))}`, 'malformed_timestamp'],
    [`t=9007199254740992,v1=${mac('9007199254740992')}`, 'malformed_timestamp'],
    [`t=٢,v1=${mac('٢')}`, 'malformed_timestamp'],
    [`t=${t},v1=${hex('x')}`, 'signature_mismatch'],
    [`t=${t - 1},v1=${mac()}`, 'signature_mismatch'],
    [`t=0${t},v1=${mac(t)}`, 'signature_mismatch'],
    [`t=${t},${`v1=${mac()},`.repeat(40)}`, 'malformed_signature'],
  ])('%s → %s', (header, expected) => {
    expect(code(scheme, { 'x-signature': header })).toBe(expected)
  })

  it('judges very long headers at once', () => {
    for (const part of [',', 'v1=,', 't,', '=', ' ', `v1=${' '.repeat(1000)}x,`]) {
      expect(code(scheme, { 'x-signature': part.repeat(200_000) })).toBe('malformed_signature')
    }
  })
})

describe('the signed time', () => {
  const schemeFor = (unit: 's' | 'ms' | 'iso', toleranceSeconds?: number): HmacSignature =>
    hmacSignature({
      secret: SECRET,
      signature: { header: 'x-signature' },
      timestamp: { from: { header: 'x-time' }, unit, ...(toleranceSeconds !== undefined && { toleranceSeconds }) },
      message: '{timestamp}{body}',
    })
  const at = (scheme: HmacSignature, time: string, now = NOW): string =>
    code(scheme, { 'x-signature': hex(time + BODY), 'x-time': time }, BODY, now)

  it.each([
    [0, 'ok'],
    [299, 'ok'],
    [300, 'ok'],
    [301, 'timestamp_too_old'],
    [86_400, 'timestamp_too_old'],
    [-299, 'ok'],
    [-300, 'ok'],
    [-301, 'timestamp_in_future'],
    [-86_400, 'timestamp_in_future'],
  ])('%i seconds ago, in every unit: %s', (age, expected) => {
    const signed = NOW - age * 1000
    expect(at(schemeFor('s'), String(signed / 1000))).toBe(expected)
    expect(at(schemeFor('ms'), String(signed))).toBe(expected)
    expect(at(schemeFor('iso'), new Date(signed).toISOString())).toBe(expected)
  })

  it('is judged to the millisecond where it is given so', () => {
    expect(at(schemeFor('ms'), String(NOW - 300_001))).toBe('timestamp_too_old')
    expect(at(schemeFor('ms', 1), String(NOW + 1_001))).toBe('timestamp_in_future')
    expect(at(schemeFor('ms', 0.5), String(NOW - 500))).toBe('ok')
  })

  it.each([
    '2026-01-01T00:00:00Z',
    '2026-01-01T00:00:00.123Z',
    '2026-01-01T01:00:00+01:00',
    '2025-12-31T16:00:00-08:00',
    '2025-12-31T16:00:00-0800',
  ])('takes the date and time %s', time => {
    expect(at(schemeFor('iso'), time)).toBe('ok')
  })

  it.each([
    '2026-01-01',
    '2026-01-01T00:00:00',
    '2026-01-01 00:00:00Z',
    '2026-1-1T00:00:00Z',
    '2026-01-01T24:00:00Z',
    '2026-13-01T00:00:00Z',
    '2026-02-30T00:00:00Zx',
    '+002026-01-01T00:00:00Z',
    'Thu, 01 Jan 2026 00:00:00 GMT',
    'January 1, 2026',
    '1767225600',
    ' 2026-01-01T00:00:00Z',
    '2026-01-01T00:00:00.Z',
    '2026-01-01T00:00:00Z\n',
    '2026-01-01T00:00:00+99:99',
  ])('refuses the date and time %j', time => {
    expect(at(schemeFor('iso'), time)).toBe('malformed_timestamp')
  })

  it('comes once', () => {
    const scheme = schemeFor('s')
    const time = String(NOW / 1000)
    const signature = hex(time + BODY)
    expect(code(scheme, { 'x-signature': signature })).toBe('missing_header')
    expect(code(scheme, { 'x-signature': signature, 'x-time': [time, time] })).toBe('duplicate_header')
  })

  it('is the system’s when no other is given, and never nonsense', () => {
    const scheme = schemeFor('ms')
    const headers = scheme.sign({ body: BODY })
    expect(scheme.verify(request(headers)).ok).toBe(true)
    for (const now of [Number.NaN, Number.POSITIVE_INFINITY, '0', null]) {
      const call = (): unknown => scheme.verify(request(headers), { now: now as number })
      if (now === null) expect(call).not.toThrow()
      else expect(call).toThrow(expect.objectContaining({ code: 'invalid_option' }))
    }
  })
})

describe('values in the body', () => {
  const scheme = hmacSignature({
    secret: SECRET,
    signature: { bodyPath: 'signature.value' },
    message: '{bodyPath:signature.time}{bodyPath:signature.token}',
    timestamp: { from: { bodyPath: 'signature.time' } },
  })
  const time = String(NOW / 1000)
  const body = (signature: unknown): string => JSON.stringify({ signature })

  it.each([
    [body({ value: hex(`${time}abc`), time, token: 'abc' }), 'ok'],
    [body({ value: hex(`${time}abc`), time: NOW / 1000, token: 'abc' }), 'ok'],
    [body({ value: hex(`${time}abc`), time, token: 'abd' }), 'signature_mismatch'],
    [body({ value: hex(`${time}abc`), time }), 'malformed_body'],
    [body({ value: [hex(`${time}abc`)], time, token: 'abc' }), 'malformed_body'],
    [body({ time, token: 'abc' }), 'malformed_body'],
    [body(null), 'malformed_body'],
    ['[]', 'malformed_body'],
    ['not json', 'malformed_body'],
    ['', 'malformed_body'],
    [`{"__proto__":${body({ value: hex(`${time}abc`), time, token: 'abc' })}}`, 'malformed_body'],
  ])('%s → %s', (text, expected) => {
    expect(code(scheme, {}, text)).toBe(expected)
  })

  it('cannot be signed into', () => {
    expect(() => scheme.sign({ body: body({ time, token: 'abc' }) })).toThrow(/sign/)
  })
})

describe('URL, method and form', () => {
  it('signs the request’s URL, or the one that is configured', () => {
    const shape = { secret: SECRET, signature: { header: 'x-signature' }, message: '{method} {url} {body}' } as const
    const seen = `POST https://hooks.example.com/crm?a=1 ${BODY}`
    const configured = `POST https://public.example.com/crm ${BODY}`
    expect(code(hmacSignature(shape), { 'x-signature': hex(seen) })).toBe('ok')
    expect(
      code(hmacSignature({ ...shape, url: 'https://public.example.com/crm' }), { 'x-signature': hex(configured) }),
    ).toBe('ok')
    expect(code(hmacSignature({ ...shape, url: 'https://public.example.com/crm' }), { 'x-signature': hex(seen) })).toBe(
      'signature_mismatch',
    )
  })

  it('signs a form’s names and values decoded, sorted, each pair once', () => {
    const scheme = hmacSignature({ secret: SECRET, signature: { header: 'x-signature' }, message: '{form}' })
    expect(code(scheme, { 'x-signature': hex('A2Ba1Ba2b x&') }, 'b=+x%26&Ba=2&Ba=1&A=2&Ba=1')).toBe('ok')
  })
})

describe('both directions', () => {
  const locations: ReadonlyArray<Pick<SignatureShape, 'signature' | 'timestamp' | 'message'>> = [
    { signature: { header: 'x-signature' } },
    { signature: { header: ['x-first', 'x-second'], prefix: 'HMAC ' } },
    {
      signature: { header: 'x-signature', list: { separator: ', ', tagSeparator: '=', tag: 'v1' } },
      timestamp: { from: { tag: 't' }, unit: 'ms' },
      message: '{timestamp}.{body}',
    },
    {
      signature: { header: 'x-signature', fields: ['timestamp', 'signature'], separator: ',', repeat: true },
      timestamp: { from: 'field', unit: 'ms' },
      message: '{timestamp}.{body}',
    },
    {
      signature: { header: 'x-signature', fields: ['hmac', '1', 'timestamp', 'signature'], separator: ';', lists: ',' },
      timestamp: { from: 'field' },
      message: '{timestamp}.{body}',
    },
    {
      signature: { header: 'x-signature', prefix: 'v0=' },
      timestamp: { from: { header: 'x-time' }, unit: 'iso' },
      message: 'v0:{timestamp}:{header:x-id}:{method}:{url}:{body}',
    },
  ]

  it('agree on any body, secret and place', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...locations),
        fc.constantFrom('hex', 'base64', 'base64url'),
        fc.constantFrom('sha1', 'sha256', 'sha384', 'sha512'),
        fc.uint8Array({ minLength: 1 }),
        fc.uint8Array({ maxLength: 500 }),
        fc.integer({ min: 0, max: 4_000_000_000_000 }),
        (location, encoding, algorithm, secret, body, now) => {
          const scheme = hmacSignature({ ...location, encoding, algorithm, secret })
          const unsigned = request({ 'x-id': 'msg_1' }, body)
          expect(scheme.verify(scheme.authenticate(unsigned, { now }), { now })).toMatchObject({ ok: true })
          const { method, url } = unsigned
          const headers = scheme.sign({ method, url, body, timestampMs: now, headers: { 'x-id': 'msg_1' } })
          expect(scheme.verify({ ...unsigned, headers: { 'x-id': 'msg_1', ...headers } }, { now }).ok).toBe(true)
          const other = hmacSignature({
            ...location,
            encoding,
            algorithm,
            secret: Uint8Array.of(...secret, 1),
          })
          const verdict = other.verify(scheme.authenticate(unsigned, { now }), { now })
          expect(verdict).toMatchObject({ ok: false, code: 'signature_mismatch' })
        },
      ),
    )
  })

  it('agree during a rotation, on either side', () => {
    const shape = { signature: { header: 'x-signature', list: { separator: ',', tagSeparator: '=', tag: 'v1' } } }
    const [old, both, fresh] = [['old'], ['new', 'old'], ['new']].map(secret => hmacSignature({ ...shape, secret }))
    for (const [signer, verifier] of [
      [old, both],
      [both, old],
      [both, fresh],
      [fresh, both],
    ]) {
      expect(verifier?.verify(request(signer?.sign({ body: BODY }) ?? {}))).toEqual({ ok: true })
    }
    expect(fresh && old?.verify(request(fresh.sign({ body: BODY })))).toMatchObject({ ok: false })
  })

  it('decode keys alike', () => {
    const key = Uint8Array.of(0, 1, 254, 255)
    const expected = hmacSignature({ secret: key, signature: { header: 'x-signature' } }).sign({ body: BODY })
    for (const [secret, decoding] of [
      ['0001feff', { decode: 'hex' }],
      [encodeBase64(key), { decode: 'base64' }],
      [`whsec_${encodeBase64(key)}`, { decode: 'base64', stripPrefix: 'whsec_' }],
    ] as const) {
      expect(
        hmacSignature({ secret, key: decoding, signature: { header: 'x-signature' } }).sign({ body: BODY }),
      ).toEqual(expected)
    }
  })
})

describe('descriptions that cannot be right', () => {
  const good: HmacSignatureOptions = { secret: SECRET, signature: { header: 'x-signature' } }
  const list = { separator: ',', tagSeparator: '=', tag: 'v1' }
  const header = 'x-signature'

  it.each<[string, object, string]>([
    ['no secret', { secret: undefined }, 'secret'],
    ['an empty secret', { secret: '' }, 'secret'],
    ['a key that is not hex', { secret: 'xyz', key: { decode: 'hex' } }, 'secret'],
    ['a key that is not base64', { secret: 'not base64!', key: { decode: 'base64' } }, 'secret'],
    ['a key that is only its prefix', { secret: 'whsec_', key: { decode: 'base64', stripPrefix: 'whsec_' } }, 'secret'],
    ['no location', { signature: undefined }, 'signature'],
    ['an empty header name', { signature: { header: '' } }, 'signature.header'],
    ['a header name with a blank', { signature: { header: 'x signature' } }, 'signature.header'],
    ['no header names', { signature: { header: [] } }, 'signature.header'],
    ['an empty body path', { signature: { bodyPath: '' } }, 'signature.bodyPath'],
    ['a list without separator', { signature: { header, list: { ...list, separator: '' } } }, 'signature.list'],
    ['a list without tag separator', { signature: { header, list: { ...list, tagSeparator: '' } } }, 'signature.list'],
    ['a list without tag', { signature: { header, list: { ...list, tag: '' } } }, 'signature.list'],
    ['fields without signature', { signature: { header, fields: ['timestamp'], separator: ',' } }, 'signature.fields'],
    [
      'fields without separator',
      { signature: { header, fields: ['signature'], separator: '' } },
      'signature.separator',
    ],
    ['an unknown encoding', { encoding: 'base32' }, 'encoding'],
    ['an unknown algorithm', { algorithm: 'md5' }, 'algorithm'],
    ['an inherited algorithm', { algorithm: 'constructor' }, 'algorithm'],
    ['an unknown part', { message: '{body}{nonce}' }, 'message'],
    ['a misspelt part', { message: '{Body}' }, 'message'],
    ['an open brace', { message: '{body' }, 'message'],
    ['a header part without name', { message: '{header:}{body}' }, 'message'],
    ['a time in the text without a rule', { message: '{timestamp}.{body}' }, 'timestamp'],
    ['a time in a header that is not signed', { timestamp: { from: { header: 'x-time' } } }, 'timestamp'],
    [
      'a time in a header beside another that is signed',
      { message: '{header:x-other}{body}', timestamp: { from: { header: 'x-time' } } },
      'timestamp',
    ],
    [
      'a time in a tag that is not signed',
      {
        signature: { header, list: { separator: ',', tagSeparator: '=', tag: 'v1' } },
        timestamp: { from: { tag: 't' } },
      },
      'timestamp',
    ],
    [
      'a time in a part of the body that is not signed',
      { message: '{bodyPath:token}', timestamp: { from: { bodyPath: 'time' } } },
      'timestamp',
    ],
    ['a time in a tag of no list', { timestamp: { from: { tag: 't' } } }, 'timestamp.from'],
    ['a time in a field of no fields', { timestamp: { from: 'field' } }, 'timestamp.from'],
    [
      'a time in a field that is not named',
      { signature: { header, fields: ['signature'], separator: ',' }, timestamp: { from: 'field' } },
      'timestamp.from',
    ],
    ['an unknown unit', { timestamp: { from: { header: 'x-time' }, unit: 'minutes' } }, 'timestamp.unit'],
    ...[0, -1, Number.NaN, Number.POSITIVE_INFINITY, '300'].map((toleranceSeconds): [string, object, string] => [
      `the tolerance ${toleranceSeconds}`,
      { timestamp: { from: { header: 'x-time' }, toleranceSeconds } },
      'timestamp.toleranceSeconds',
    ]),
  ])('%s', (_case, change, argument) => {
    expect(() => hmacSignature({ ...good, ...change })).toThrow(
      expect.objectContaining({ name: 'WebhookError', argument }),
    )
  })
})
