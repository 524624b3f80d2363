import { describe, expect, it } from 'vitest'
import { hmacSignature } from '../../src/signatures/hmac-signature.ts'
import { jwtSignature } from '../../src/signatures/jwt-signature.ts'
import { NOW, SECRET } from '../providers/receiving.ts'
import { request } from '../providers/support.ts'

describe('JWT', () => {
  const scheme = jwtSignature({ secret: SECRET, from: { header: 'token' }, requireExpiry: true })
  const good = scheme.authenticate(request({}), { now: NOW })
  const token = (good.headers as Record<string, string>).token ?? ''
  const [head = '', payload = '', tail = ''] = token.split('.')
  const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  const verdict = (value: string, now = NOW) => scheme.verify(request({}, { token: value }), { now })

  it('allows five seconds of difference between the clocks, and no more', () => {
    expect(verdict(token)).toMatchObject({ ok: true, timestampMs: NOW })
    expect(verdict(token, NOW + 64_000)).toMatchObject({ ok: true })
    expect(verdict(token, NOW + 65_000)).toMatchObject({ ok: false, code: 'timestamp_too_old' })
    expect(verdict(token, NOW - 5_000)).toMatchObject({ ok: true })
    expect(verdict(token, NOW - 6_000)).toMatchObject({ ok: false, code: 'timestamp_in_future' })
  })

  it.each([
    ['no signature', `${encode({ alg: 'none' })}.${payload}.`],
    ['none with a signature', `${encode({ alg: 'none' })}.${payload}.${tail}`],
    ['another algorithm', `${encode({ alg: 'HS512', typ: 'JWT' })}.${payload}.${tail}`],
    ['other claims', `${head}.${encode({ exp: 9_999_999_999 })}.${tail}`],
    ['two parts', `${head}.${payload}`],
    ['four parts', `${token}.x`],
    ['padding', `${token}=`],
    ['white space', `${token} `],
    ['nothing', ''],
    ['only points', '..'],
  ])('refuses %s', (_title, value) => {
    expect(verdict(value)).toMatchObject({ ok: false })
  })

  it('refuses a token without an end where one is needed, and times that are no numbers', () => {
    for (const claims of [{}, { exp: '9999999999' }, { exp: null }, { exp: 9_999_999_999, nbf: 'x' }]) {
      const text = `${encode({ alg: 'HS256' })}.${encode(claims)}`
      const mac = hmacSignature({ secret: SECRET, signature: { header: 's' }, encoding: 'base64url' }).sign({
        body: text,
      })
      expect(verdict(`${text}.${mac.s}`)).toMatchObject({ ok: false, code: 'malformed_timestamp' })
    }
  })

  it('takes any of several secrets', () => {
    const both = jwtSignature({ secret: ['the-new-secret', SECRET], from: { header: 'token' } })
    expect(both.verify(good, { now: NOW })).toMatchObject({ ok: true })
  })

  it.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY])('throws for a maximum age of %s', maxAgeSeconds => {
    expect(() => jwtSignature({ secret: SECRET, from: 'body', maxAgeSeconds })).toThrow('maxAgeSeconds')
  })
})
