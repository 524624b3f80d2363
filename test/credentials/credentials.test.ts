import { describe, expect, it, vi } from 'vitest'
import {
  allOf,
  basicAuth,
  bearerToken,
  bodyToken,
  ipAllowlist,
  sharedSecret,
  unverified,
} from '../../src/credentials/index.ts'
import type { HeadersInput, WebhookRequest } from '../../src/model/http.ts'
import { refuse, type Verifier } from '../../src/model/verification.ts'
import { invalidOption } from '../support/invalid-option.ts'
import { thenable } from '../support/thenable.ts'

const encode = (text: string): Uint8Array => new TextEncoder().encode(text)
const request = (headers: HeadersInput, body = '{}'): WebhookRequest => ({
  method: 'POST',
  url: '/',
  headers,
  body: encode(body),
})
const code = (verifier: Verifier, headers: HeadersInput, body?: string): string => {
  const result = verifier.verify(request(headers, body))
  if (result instanceof Promise) throw new Error('expected a verdict at once')
  return result.ok ? 'ok' : result.code
}
const base64 = (text: string): string => Buffer.from(text).toString('base64')

describe('sharedSecret', () => {
  const check = sharedSecret({ header: 'X-Webhook-Secret', secret: ['s3cr3t-one', 's3cr3t-two'] })

  it.each([
    [{ 'x-webhook-secret': 's3cr3t-one' }, 'ok'],
    [{ 'X-WEBHOOK-SECRET': 's3cr3t-two' }, 'ok'],
    [{ 'x-webhook-secret': 's3cr3t-on' }, 'credential_mismatch'],
    [{ 'x-webhook-secret': 's3cr3t-onee' }, 'credential_mismatch'],
    [{ 'x-webhook-secret': 'S3CR3T-ONE' }, 'credential_mismatch'],
    [{ 'x-webhook-secret': ' s3cr3t-one' }, 'credential_mismatch'],
    [{ 'x-webhook-secret': 's3cr3t-one\u0000' }, 'credential_mismatch'],
    [{ 'x-webhook-secret': 's3cr3t-one, s3cr3t-one' }, 'credential_mismatch'],
    [{ 'x-webhook-secret': ['s3cr3t-one', 's3cr3t-one'] }, 'duplicate_header'],
    [{ 'x-webhook-secret': '' }, 'missing_credential'],
    [{}, 'missing_credential'],
    [{ 'webhook-secret': 's3cr3t-one' }, 'missing_credential'],
  ])('%j → %s', (headers, expected) => {
    expect(code(check, headers)).toBe(expected)
  })

  it('reads Web headers and pairs alike', () => {
    expect(code(check, new Headers({ 'X-Webhook-Secret': 's3cr3t-one' }))).toBe('ok')
    expect(code(check, [['x-webhook-secret', 's3cr3t-one']])).toBe('ok')
    expect(
      code(check, [
        ['x-webhook-secret', 's3cr3t-one'],
        ['X-Webhook-Secret', 's3cr3t-one'],
      ]),
    ).toBe('duplicate_header')
  })

  it('takes a secret that is not ASCII as the bytes that a host shows', () => {
    const accented = sharedSecret({ header: 'x-secret', secret: 'žluťoučký' })
    expect(code(accented, { 'x-secret': Buffer.from('žluťoučký').toString('latin1') })).toBe('ok')
    const proved = accented.authenticate(request({}))
    expect(accented.verify({ ...proved, headers: new Headers(proved.headers as Record<string, string>) })).toEqual({
      ok: true,
    })
  })

  it.each([[''], ['x secret'], ['x:secret'], [undefined]])('refuses the header name %j', header => {
    expect(() => sharedSecret({ header: header as string, secret: 'secret' })).toThrow(/header/)
  })
})

describe('bearerToken', () => {
  const check = bearerToken({ token: 'tok_123' })

  it.each([
    ['Bearer tok_123', 'ok'],
    ['bearer tok_123', 'ok'],
    ['BEARER tok_123', 'ok'],
    ['Bearer tok_124', 'credential_mismatch'],
    ['Bearer  tok_123', 'credential_mismatch'],
    ['Bearer tok_123 ', 'credential_mismatch'],
    ['Bearertok_123', 'credential_mismatch'],
    ['tok_123', 'credential_mismatch'],
    ['Bearer', 'credential_mismatch'],
    ['Bearer ', 'credential_mismatch'],
    ['Basic tok_123', 'credential_mismatch'],
  ])('%j → %s', (authorization, expected) => {
    expect(code(check, { authorization })).toBe(expected)
  })
})

describe('basicAuth', () => {
  const check = basicAuth([
    { username: 'crm', password: 'pass:with:colons' },
    { username: 'old', password: 'pässwörd' },
  ])

  it.each([
    [`Basic ${base64('crm:pass:with:colons')}`, 'ok'],
    [`basic ${base64('crm:pass:with:colons')}`, 'ok'],
    [`Basic ${base64('old:pässwörd')}`, 'ok'],
    [`Basic ${base64('crm:pässwörd')}`, 'credential_mismatch'],
    [`Basic ${base64('crm:pass')}`, 'credential_mismatch'],
    [`Basic ${base64('crm:')}`, 'credential_mismatch'],
    [`Basic ${base64('crm')}`, 'credential_mismatch'],
    [`Basic ${base64(':')}`, 'credential_mismatch'],
    [`Basic ${base64('\ufeffcrm:pass:with:colons')}`, 'credential_mismatch'],
    [`Basic ${base64('crm:pass:with:colons').replace(/=+$/, '')}`, 'credential_mismatch'],
    [`Basic ${base64('crm:pass:with:colons')} x`, 'credential_mismatch'],
    [`Basic  ${base64('crm:pass:with:colons')}`, 'credential_mismatch'],
    ['Basic !!!', 'credential_mismatch'],
    ['Basic', 'credential_mismatch'],
    [`Bearer ${base64('crm:pass:with:colons')}`, 'credential_mismatch'],
    ['crm:pass:with:colons', 'credential_mismatch'],
  ])('%j → %s', (authorization, expected) => {
    expect(code(check, { authorization })).toBe(expected)
  })

  it('reads Latin-1 credentials as what they are: other bytes', () => {
    const latin1 = Buffer.from('old:pässwörd', 'latin1').toString('base64')
    expect(code(check, { authorization: `Basic ${latin1}` })).toBe('credential_mismatch')
  })

  it('refuses a user name with a colon, which would blur the border', () => {
    expect(() => basicAuth({ username: 'a:b', password: 'secret' })).toThrow(/colon/)
  })
})

describe('bodyToken', () => {
  const json = bodyToken({ path: 'meta.token', token: 'tok_123' })
  const form = bodyToken({ path: 'token', token: 'tok_123', format: 'form' })

  it.each([
    ['{"meta":{"token":"tok_123"}}', 'ok'],
    ['{"meta":{"token":"tok_124"}}', 'credential_mismatch'],
    ['{"meta":{"token":123}}', 'missing_credential'],
    ['{"meta":{"token":["tok_123"]}}', 'missing_credential'],
    ['{"meta":null}', 'missing_credential'],
    ['{"meta.token":"tok_123"}', 'missing_credential'],
    ['{"__proto__":{"meta":{"token":"tok_123"}}}', 'missing_credential'],
    ['null', 'missing_credential'],
    ['not json', 'missing_credential'],
    ['', 'missing_credential'],
  ])('JSON %s → %s', (body, expected) => {
    expect(code(json, {}, body)).toBe(expected)
  })

  it.each([
    ['token=tok_123&text=x', 'ok'],
    ['token=tok%5F123', 'ok'],
    ['token=tok_124', 'credential_mismatch'],
    ['token=', 'credential_mismatch'],
    ['token=tok_123&token=tok_123', 'missing_credential'],
    ['text=x', 'missing_credential'],
  ])('form %s → %s', (body, expected) => {
    expect(code(form, {}, body)).toBe(expected)
  })

  it('never finds a token on the prototype', () => {
    expect(code(bodyToken({ path: 'constructor.name', token: 'Object' }), {}, '{}')).toBe('missing_credential')
  })

  it('puts the token into the body for tests', () => {
    const sample = request({}, '{"meta":{"action":"x"},"a":1}')
    expect(JSON.parse(Buffer.from(json.authenticate(sample).body).toString())).toEqual({
      meta: { action: 'x', token: 'tok_123' },
      a: 1,
    })
    expect(form.verify(form.authenticate(request({}, 'text=a+b')))).toEqual({ ok: true })
  })
})

/** `${s3cr3t}`, as a configuration file has it that nobody filled in. */
const UNRESOLVED = ['$', '{s3cr3t}'].join('')

describe('set-ups that would let everybody in', () => {
  const bad: readonly unknown[] = [
    undefined,
    null,
    '',
    ' ',
    '\t',
    UNRESOLVED,
    'undefined',
    'null',
    [],
    [''],
    ['good', ''],
    42,
    {},
    new Uint8Array(),
  ]
  it.each(bad.map(value => [value]))('are refused when built: %j', value => {
    const secret = value as string
    const error: unknown = expect.objectContaining({
      name: 'WebhookError',
      code: expect.stringMatching(/^invalid_(secret|option)$/) as string,
    })
    expect(() => sharedSecret({ header: 'x-secret', secret })).toThrow(error)
    expect(() => bearerToken({ token: secret })).toThrow(error)
    expect(() => bodyToken({ path: 'token', token: secret })).toThrow(error)
    expect(() => basicAuth({ username: 'crm', password: secret })).toThrow(error)
    expect(() => basicAuth({ username: secret, password: 'password' })).toThrow(error)
  })

  it('are refused without saying the secret', () => {
    for (const secret of [' s3cr3t', UNRESOLVED]) {
      expect(() => sharedSecret({ header: 'x-secret', secret })).toThrow(expect.not.stringContaining('s3cr3t'))
    }
  })

  it('are refused without a pair, a path or a check', () => {
    expect(() => basicAuth([])).toThrow(/missing/)
    expect(() => bodyToken({ path: '', token: 'tok' })).toThrow(/path/)
    expect(() => allOf()).toThrow(/at least one/)
    expect(() => allOf(undefined as unknown as Verifier)).toThrow(/allOf/)
  })

  it.each([
    [
      'sharedSecret',
      sharedSecret,
      { header: 'x-secret', secret: 's', headers: 'x' },
      'headers',
      'did you mean header?',
    ],
    ['bearerToken', bearerToken, { token: 't', tokens: ['t'] }, 'tokens', 'did you mean token?'],
    ['bodyToken', bodyToken, { path: 'token', token: 't', fromat: 'form' }, 'fromat', 'did you mean format?'],
    ['basicAuth', basicAuth, { username: 'u', password: 'p', realm: 'crm' }, 'basicAuth.realm', ''],
    ['ipAllowlist', ipAllowlist, { allow: ['::1'], trustedProxy: [] }, 'trustedProxy', 'did you mean trustedProxies?'],
    ['sharedSecret', sharedSecret, undefined, 'options', 'are missing'],
    ['bearerToken', bearerToken, 'secret', 'options', 'must be an object'],
  ])('are refused with a name that nobody would read: %s', (_name, credential, options, argument, message) => {
    expect(() => credential(options as never)).toThrow(invalidOption(argument, message))
  })
})

describe('an option that would have no effect', () => {
  it.each(Object.entries({ sharedSecret, bearerToken, bodyToken, ipAllowlist }))('is refused by %s', (name, build) => {
    expect(() => build(undefined as never)).toThrow(invalidOption('options', `${name}: options are missing`))
    expect(() => build('secret' as never)).toThrow(invalidOption('options', `${name}: options must be an object`))
    expect(() => build({ sercet: 'x' } as never)).toThrow(invalidOption('sercet', `${name}: sercet is not an option`))
  })
})

describe('allOf', () => {
  const accepts: Verifier = { verify: () => ({ ok: true }) }
  const signed: Verifier = { verify: () => ({ ok: true, timestampMs: 17 }) }
  const refuses: Verifier = { verify: () => refuse('signature_mismatch', 'no') }
  const later = (verifier: Verifier): Verifier => ({ verify: async (...given) => verifier.verify(...given) })

  it('accepts when every check does, and keeps the signed time', () => {
    expect(allOf(accepts, signed, accepts).verify(request({}))).toEqual({ ok: true, timestampMs: 17 })
    expect(allOf(accepts).verify(request({}))).toEqual({ ok: true })
  })

  it.each([
    ['first', [refuses, accepts, accepts]],
    ['middle', [accepts, refuses, accepts]],
    ['last', [accepts, accepts, refuses]],
  ] as const)('refuses when the %s check does, waiting or not', async (_place, verifiers) => {
    expect(allOf(...verifiers).verify(request({}))).toMatchObject({ ok: false, code: 'signature_mismatch' })
    for (let i = 0; i < verifiers.length; i++) {
      const mixed = verifiers.map((verifier, at) => (at === i ? later(verifier) : verifier))
      expect(await allOf(...mixed).verify(request({}))).toMatchObject({ ok: false, code: 'signature_mismatch' })
    }
  })

  it('asks no further after a refusal', () => {
    const next = vi.fn(() => ({ ok: true as const }))
    void allOf(refuses, { verify: next }).verify(request({}))
    expect(next).not.toHaveBeenCalled()
  })

  it('waits only where a check does', async () => {
    const verdict = allOf(accepts, later(signed), accepts).verify(request({}))
    expect(verdict).toBeInstanceOf(Promise)
    expect(await verdict).toEqual({ ok: true, timestampMs: 17 })
  })

  it('asks the checks behind one whose promise is of another library, or of a replaced Promise', async () => {
    const verdict = allOf({ verify: () => thenable({ ok: true }) }, refuses).verify(request({}))
    expect(verdict).toBeInstanceOf(Promise)
    expect(await verdict).toMatchObject({ ok: false, code: 'signature_mismatch' })
    const all = allOf(later(accepts), refuses)
    const replaced = class extends Promise<unknown> {}
    vi.stubGlobal('Promise', replaced)
    const waiting = all.verify(request({}))
    vi.unstubAllGlobals()
    expect(await waiting).toMatchObject({ ok: false, code: 'signature_mismatch' })
  })

  it.each([[undefined], [null], [true], [{}], [{ ok: 'yes' }], [{ ok: 1 }], ['ok']])(
    'takes %j for a refusal, waiting or not',
    async answer => {
      const odd: Verifier = { verify: () => answer as never }
      for (const check of [odd, later(odd)]) {
        for (const all of [allOf(check, accepts), allOf(accepts, check)]) {
          expect(await all.verify(request({}))).toMatchObject({ ok: false, code: 'invalid_verdict' })
        }
      }
    },
  )

  it('authenticates with every proof, and only where every check can', async () => {
    const both = allOf(
      basicAuth({ username: 'crm', password: 'secret' }),
      sharedSecret({ header: 'x-secret', secret: 'tok' }),
    )
    const proved = both.authenticate?.(request({}))
    expect(proved).not.toBeInstanceOf(Promise)
    expect(proved && (await both.verify(await proved))).toEqual({ ok: true })
    expect(allOf(unverified(), accepts).authenticate).toBeUndefined()
  })
})
