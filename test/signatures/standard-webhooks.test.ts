import { createHmac } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeBase64, utf8 } from '../../src/bytes/encoding.ts'
import type { HeadersInput, WebhookRequest } from '../../src/model/http.ts'
import { generateSecret, type StandardWebhooksOptions, standardWebhooks } from '../../src/signatures/index.ts'

/** The example of the specification's reference libraries. */
const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'
const BODY = '{"test": 2432232314}'
const HEADERS = {
  'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
  'webhook-timestamp': '1614265330',
  'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
}
const NOW = 1_614_265_330_000
/** Key pair of the specification's ed25519 example. */
const PRIVATE = 'whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg=='
const PUBLIC = `whpk_${Buffer.from(PRIVATE.slice(5), 'base64').subarray(32).toString('base64')}`

const request = (headers: HeadersInput, body: string | Uint8Array = BODY): WebhookRequest => ({
  method: 'POST',
  url: '/',
  headers,
  body: typeof body === 'string' ? utf8(body) : body,
})
const code = (headers: HeadersInput, options: Partial<StandardWebhooksOptions> = {}, now = NOW): string => {
  const verdict = standardWebhooks({ secret: SECRET, ...options }).verify(request(headers), { now })
  if (verdict instanceof Promise) throw new Error('expected a verdict at once')
  return verdict.ok ? 'ok' : verdict.code
}
const { 'webhook-signature': RIGHT, 'webhook-id': ID, 'webhook-timestamp': TIME } = HEADERS
const WRONG = `v1,${'A'.repeat(43)}=`
const named = (prefix: string): Record<string, string> =>
  Object.fromEntries(Object.entries(HEADERS).map(([name, value]) => [name.replace('webhook', prefix), value]))
const macOver = (text: string): string =>
  `v1,${createHmac('sha256', Buffer.from(SECRET.slice(6), 'base64'))
    .update(text)
    .digest('base64')}`

describe('verifying', () => {
  it.each<[string, HeadersInput, string]>([
    ['the published example', HEADERS, 'ok'],
    ['in a Headers object', new Headers(HEADERS), 'ok'],
    ['among other signatures', { ...HEADERS, 'webhook-signature': `${WRONG} ${RIGHT} ${WRONG}` }, 'ok'],
    ['behind versions that are not known', { ...HEADERS, 'webhook-signature': `v2,abc v1a,AAAA ${RIGHT}` }, 'ok'],
    ['behind one that cannot be read', { ...HEADERS, 'webhook-signature': `v1,??? ${RIGHT}` }, 'ok'],
    ['a wrong signature', { ...HEADERS, 'webhook-signature': WRONG }, 'signature_mismatch'],
    ['another id', { ...HEADERS, 'webhook-id': 'msg_2' }, 'signature_mismatch'],
    ['another time', { ...HEADERS, 'webhook-timestamp': '1614265331' }, 'signature_mismatch'],
    ['a time with a zero before', { ...HEADERS, 'webhook-timestamp': '01614265330' }, 'signature_mismatch'],
    [
      'the version of another case',
      { ...HEADERS, 'webhook-signature': RIGHT.replace('v1', 'V1') },
      'malformed_signature',
    ],
    ['no version', { ...HEADERS, 'webhook-signature': RIGHT.slice(3) }, 'malformed_signature'],
    ['a version without a comma', { ...HEADERS, 'webhook-signature': RIGHT.replace(',', '') }, 'malformed_signature'],
    ['a comma between signatures', { ...HEADERS, 'webhook-signature': `${RIGHT},${RIGHT}` }, 'malformed_signature'],
    ['no padding', { ...HEADERS, 'webhook-signature': RIGHT.replace('=', '') }, 'malformed_signature'],
    ['hex instead of base64', { ...HEADERS, 'webhook-signature': `v1,${'0'.repeat(63)}` }, 'malformed_signature'],
    ['only versions that are not known', { ...HEADERS, 'webhook-signature': 'v2,abc' }, 'malformed_signature'],
    [
      'too many signatures',
      { ...HEADERS, 'webhook-signature': `${`${WRONG} `.repeat(40)}${RIGHT}` },
      'malformed_signature',
    ],
    ['a time in milliseconds', { ...HEADERS, 'webhook-timestamp': '1614265330000' }, 'timestamp_in_future'],
    ['a time that is none', { ...HEADERS, 'webhook-timestamp': 'NaN' }, 'malformed_timestamp'],
    ['a time with text behind', { ...HEADERS, 'webhook-timestamp': '1614265330abc' }, 'malformed_timestamp'],
    ['two times', { ...HEADERS, 'webhook-timestamp': ['1614265330', '1614265330'] }, 'duplicate_header'],
    ['two ids', { ...HEADERS, 'webhook-id': [ID, ID] }, 'duplicate_header'],
    ['two signature headers', { ...HEADERS, 'webhook-signature': [RIGHT, RIGHT] }, 'duplicate_header'],
    ['no id', { ...HEADERS, 'webhook-id': '' }, 'missing_header'],
    ['no time', { 'webhook-id': ID, 'webhook-signature': RIGHT }, 'missing_header'],
    ['no signature', { 'webhook-id': ID, 'webhook-timestamp': TIME }, 'missing_header'],
    ['nothing', {}, 'missing_header'],
    ['Svix’s headers, which were not asked for', named('svix'), 'missing_header'],
  ])('%s', (_case, headers, expected) => {
    expect(code(headers)).toBe(expected)
  })

  it.each([
    [299, 'ok'],
    [300, 'ok'],
    [301, 'timestamp_too_old'],
    [-300, 'ok'],
    [-301, 'timestamp_in_future'],
  ])('%i seconds later: %s', (seconds, expected) => {
    expect(code(HEADERS, {}, NOW + seconds * 1000)).toBe(expected)
    expect(code(HEADERS, { toleranceSeconds: 1_000_000 }, NOW + seconds * 1000)).toBe('ok')
  })

  it('reads Svix’s headers when asked to, and the standard ones where those are absent', () => {
    expect(code(named('svix'), { headerPrefix: 'svix' })).toBe('ok')
    expect(code(HEADERS, { headerPrefix: 'svix' })).toBe('ok')
    expect(code({ ...named('svix'), ...HEADERS, 'webhook-signature': WRONG }, { headerPrefix: 'svix' })).toBe('ok')
    expect(code({ ...HEADERS, 'svix-id': ID }, { headerPrefix: 'svix' })).toBe('missing_header')
  })

  it('accepts any of several secrets, written in any way', () => {
    const bytes = decodeBase64(SECRET.slice(6)) ?? new Uint8Array()
    for (const secret of [SECRET.slice(6), bytes, [generateSecret(), SECRET], [bytes, generateSecret()]]) {
      expect(code(HEADERS, { secret })).toBe('ok')
    }
    expect(code(HEADERS, { secret: generateSecret() })).toBe('signature_mismatch')
  })

  it('takes the whole text of a secret as key when told to, as Polar does', () => {
    const scheme = standardWebhooks({ secret: SECRET, key: { decode: 'utf8' } })
    const mac = createHmac('sha256', SECRET).update(`${ID}.${TIME}.${BODY}`).digest('base64')
    expect(scheme.verify(request({ ...HEADERS, 'webhook-signature': `v1,${mac}` }), { now: NOW }).ok).toBe(true)
    expect(scheme.verify(request(HEADERS), { now: NOW }).ok).toBe(false)
  })

  it('accepts an id with a full stop that the sender signed', () => {
    const id = 'evt.1'
    const headers = { ...HEADERS, 'webhook-id': id, 'webhook-signature': macOver(`${id}.${TIME}.${BODY}`) }
    expect(code(headers)).toBe('ok')
  })
})

describe('signing', () => {
  it('gives the published example', () => {
    expect(standardWebhooks({ secret: SECRET }).sign({ body: BODY, id: ID, timestampMs: NOW + 999 })).toEqual(HEADERS)
  })

  it('signs with every secret, so that a rotation disturbs nobody', () => {
    const [old, fresh] = [generateSecret(), generateSecret()]
    const headers = standardWebhooks({ secret: [fresh, old] }).sign({ body: BODY, id: ID })
    expect(headers['webhook-signature']?.split(' ')).toHaveLength(2)
    for (const secret of [old, fresh]) expect(standardWebhooks({ secret }).verify(request(headers)).ok).toBe(true)
  })

  it.each([undefined, '', 'msg.1', 'msg 1', 'msg\n1', 'zpráva', 'x'.repeat(257)])('refuses the id %j', id => {
    const scheme = standardWebhooks({ secret: SECRET })
    const call = (): unknown => scheme.sign({ body: BODY, ...(id !== undefined && { id }) })
    expect(call).toThrow(expect.objectContaining({ code: 'invalid_option', argument: 'id' }))
  })

  it('agrees with verifying, whatever the bytes', () => {
    const scheme = standardWebhooks({ secret: SECRET, headerPrefix: 'svix' })
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.integer({ min: 0, max: 4e12 }), (body, now) => {
        const proved = scheme.authenticate?.(request({}, body), { now })
        if (proved === undefined || proved instanceof Promise) throw new Error('expected a proof at once')
        expect(scheme.verify(proved, { now })).toEqual({ ok: true, timestampMs: Math.floor(now / 1000) * 1000 })
        expect(scheme.verify({ ...proved, body: Uint8Array.of(...body, 0) }, { now }).ok).toBe(false)
      }),
    )
  })
})

describe('ed25519', () => {
  const signed = async (options: StandardWebhooksOptions): Promise<Record<string, string>> => ({
    ...(await standardWebhooks(options).sign({ body: BODY, id: ID, timestampMs: NOW })),
  })
  const verdict = async (options: StandardWebhooksOptions, headers: HeadersInput, body = BODY): Promise<boolean> =>
    (await standardWebhooks(options).verify(request(headers, body), { now: NOW })).ok

  it('signs what it verifies, and nothing else', async () => {
    const headers = await signed({ privateKey: PRIVATE })
    expect(headers['webhook-signature']).toMatch(/^v1a,[A-Za-z0-9+/]{86}==$/)
    expect(await verdict({ publicKey: PUBLIC }, headers)).toBe(true)
    expect(await verdict({ publicKey: PUBLIC.slice(5) }, headers)).toBe(true)
    expect(await verdict({ privateKey: PRIVATE }, headers)).toBe(true)
    expect(await verdict({ publicKey: PUBLIC }, headers, `${BODY} `)).toBe(false)
    expect(await verdict({ publicKey: PUBLIC }, { ...headers, 'webhook-id': 'msg_2' })).toBe(false)
    expect(
      await verdict(
        { publicKey: PUBLIC },
        { ...headers, 'webhook-signature': `v1a,${Buffer.alloc(64).toString('base64')}` },
      ),
    ).toBe(false)
    expect(await verdict({ publicKey: PUBLIC }, { ...headers, 'webhook-signature': 'v1a,AAAA' })).toBe(false)
  })

  it('is never taken for the other version', async () => {
    const headers = await signed({ privateKey: PRIVATE })
    expect(
      await verdict(
        { publicKey: PUBLIC },
        { ...headers, 'webhook-signature': String(headers['webhook-signature']).replace('v1a', 'v1') },
      ),
    ).toBe(false)
    expect(await verdict({ publicKey: PUBLIC }, HEADERS)).toBe(false)
    expect(code(headers)).toBe('signature_mismatch')
  })

  it('stands beside HMAC in one header', async () => {
    const headers = await signed({ secret: SECRET, privateKey: PRIVATE })
    expect(headers['webhook-signature']).toMatch(/^v1,\S+ v1a,\S+$/)
    expect(code(headers)).toBe('ok')
    expect(await verdict({ publicKey: PUBLIC }, headers)).toBe(true)
    expect(await verdict({ secret: generateSecret(), publicKey: PUBLIC }, headers)).toBe(true)
  })

  it('cannot sign with a public key alone', () => {
    const scheme = standardWebhooks({ publicKey: PUBLIC })
    expect(scheme.authenticate).toBeUndefined()
    expect(() => scheme.sign({ body: BODY, id: ID })).toThrow(/privateKey/)
  })
})

describe('keys that cannot be right', () => {
  it.each<[string, object]>([
    ['none', {}],
    ['an empty secret', { secret: '' }],
    ['an empty list', { secret: [] }],
    ['a prefix alone', { secret: 'whsec_' }],
    ['no base64', { secret: 'whsec_not base64' }],
    ['a few bytes', { secret: 'whsec_AAAA' }],
    ['a public key as secret', { secret: PUBLIC }],
    ['a private key as secret', { secret: PRIVATE }],
    ['a secret as public key', { publicKey: SECRET }],
    ['a private key as public key', { publicKey: PRIVATE }],
    ['a public key of the wrong length', { publicKey: 'whpk_AAAA' }],
    ['an empty public key', { publicKey: '' }],
    ['no public keys', { publicKey: [] }],
  ])('%s', (_case, options) => {
    expect(() => standardWebhooks(options)).toThrow(
      expect.objectContaining({ name: 'WebhookError', code: 'invalid_secret' }),
    )
  })

  it('and tolerances that are none', () => {
    for (const toleranceSeconds of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => standardWebhooks({ secret: SECRET, toleranceSeconds })).toThrow(/toleranceSeconds/)
    }
  })

  it('generated ones have 32 bytes and are never the same', () => {
    const secrets = Array.from({ length: 50 }, generateSecret)
    expect(new Set(secrets).size).toBe(50)
    for (const secret of secrets) expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/)
  })
})
