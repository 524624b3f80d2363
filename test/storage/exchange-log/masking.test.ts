import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isSecretName, MASK, maskBody, maskHeaders, maskUrl } from '../../../src/storage/exchange-log/index.ts'

const json = (body: unknown, options = {}): unknown =>
  JSON.parse(maskBody(typeof body === 'string' ? body : JSON.stringify(body), 'application/json', options))

describe('secret names', () => {
  it.each([
    'password',
    'Password',
    'userPassword',
    'user_password',
    'DB-PASSWORD',
    'passwd',
    'secret',
    'client_secret',
    'clientSecret',
    'CLIENTSECRET',
    'webhook_secret',
    'token',
    'accessToken',
    'access_token',
    'refreshtoken',
    'x-auth-token',
    'authorization',
    'Authorization',
    'proxy-authorization',
    'api_key',
    'apiKey',
    'APIKey',
    'api-key',
    'apikey',
    'X-API-Key',
    'myApiKey',
    'private_key',
    'privateKey',
    'signingKey',
    'credentials',
    'auth',
    'basicAuth',
    'jwt',
    'bearer',
  ])('%s is one', name => expect(isSecretName(name)).toBe(true))

  it.each([
    'author',
    'authenticated',
    'authority',
    'costume',
    'keyboard',
    'key',
    'issueKey',
    'secretary',
    'tokenizer',
    'tokens',
    'max_tokens',
    'passenger',
    'bypass',
    'discount_amount',
    'signature',
    'cookieConsent',
    'auth_method',
    '',
    'description',
    'monkey',
    'api',
  ])('%s is none', name => expect(isSecretName(name)).toBe(false))

  it('depend on the place', () => {
    expect([isSecretName('X-Webhook-Signature', 'header'), isSecretName('Set-Cookie', 'header')]).toEqual([true, true])
    expect([isSecretName('key', 'query'), isSecretName('sig', 'query'), isSecretName('monkey', 'query')]).toEqual([
      true,
      true,
      false,
    ])
  })

  it('may be very long', () => {
    for (const part of ['aB', '_', 'A', '-a']) expect(isSecretName(part.repeat(500_000))).toBe(false)
  })
})

describe('maskBody', () => {
  it('masks by name, at any depth, whatever the value is', () => {
    const body = {
      author: 'Ann',
      password: 'x',
      nested: [
        { api_key: 1, costume: 'ok' },
        { secret: { a: ['b', { c: 'd' }] }, after: true },
      ],
      token: null,
      authorization: false,
    }
    expect(json(body)).toEqual({
      author: 'Ann',
      password: MASK,
      nested: [
        { api_key: MASK, costume: 'ok' },
        { secret: MASK, after: true },
      ],
      token: MASK,
      authorization: MASK,
    })
  })

  it('masks by path and by further names', () => {
    const body = { a: { b: 1, c: [{ d: 'x' }, { d: 'y' }] }, Ticket: { Pin: '1', 'pin.code': 2 }, b: 'stays' }
    expect(json(body, { paths: ['a.b', 'a.c.1.d'], names: ['PIN'] })).toEqual({
      a: { b: MASK, c: [{ d: 'x' }, { d: MASK }] },
      Ticket: { Pin: MASK, 'pin.code': 2 },
      b: 'stays',
    })
    expect(json(body, { paths: ['a.c.*.d'] })).toMatchObject({ a: { c: [{ d: MASK }, { d: MASK }] } })
  })

  it('leaves everything else as it was written', () => {
    const text = '{ "n" : 12345678901234567890.10,\n\t"s":"\\u001b[31m \\" , }", "password" :"a\\"b", "l":[ ] }'
    expect(maskBody(text, 'application/json')).toBe(text.replace('"a\\"b"', `"${MASK}"`))
  })

  it('sees through escapes in a name', () => {
    expect(maskBody('{"pass\\u0077ord":"canary"}', 'application/json')).not.toContain('canary')
  })

  it.each([
    '{"password":"canary',
    '{"password":"canary\\',
    '[{"secret":{"a":"canary","b',
    '{"a":1,"token":  "canary',
    '{"token":canary',
  ])('masks where the text is cut off: %s', text => expect(maskBody(text, 'application/json')).not.toContain('canary'))

  it('masks JSON in other types, and forms', () => {
    expect(maskBody('note: {"api_key":"canary"} end', 'text/plain')).toBe(`note: {"api_key":"${MASK}"} end`)
    const form = 'user=ann&pass%77ord=canary&client+secret=canary&author=b%3D&flag&apiKey=canary'
    expect(maskBody(form, 'application/x-www-form-urlencoded; charset=utf-8')).toBe(
      `user=ann&pass%77ord=${MASK}&client+secret=${MASK}&author=b%3D&flag&apiKey=${MASK}`,
    )
  })

  it('shows binary as such, and control characters as escapes', () => {
    expect(maskBody(new Uint8Array([0x89, 0x50, 0xff, 0]), 'image/png')).toBe('[binary, 4 bytes]')
    expect(maskBody('a\u0000b', 'text/plain')).toBe('[binary, 3 bytes]')
    expect(maskBody('\u001b[31mred\u007f\tok\r\n\u0085', 'text/plain')).toBe('\\u001b[31mred\\u007f\tok\r\n\\u0085')
    expect(maskBody('', 'application/json')).toBe('')
  })

  it('keeps 64 KiB at most, says so, and never half a character', () => {
    const mark = /… \[cut, of 200000 bytes\]$/
    const text = maskBody('x'.repeat(200_000), 'text/plain')
    expect(text).toMatch(mark)
    expect(text.replace(mark, '')).toBe('x'.repeat(65_536))
    for (const before of ['', 'a', 'ab', 'abc']) {
      const cut = maskBody(before + '😀'.repeat(50_000), 'text/plain')
      expect(cut).not.toContain('\ufffd')
      expect(cut).not.toMatch(/\p{Surrogate}/u)
      expect(cut.startsWith(`${before}${'😀'.repeat(16_383)}`)).toBe(true)
    }
    expect(maskBody('x'.repeat(65_536), 'text/plain')).toHaveLength(65_536)
    expect(maskBody('ab', 'text/plain', { truncated: true })).toBe('ab… [cut, of more than 2 bytes]')
  })

  it('masks a secret that the limit cuts through', () => {
    const text = `{"pad":"${'x'.repeat(65_500)}","password":"${'canary'.repeat(100)}"}`
    expect(maskBody(text, 'application/json')).not.toContain('canary')
  })

  it('never lets a named secret through, in valid JSON', () => {
    const names = fc.constantFrom('password', 'apiKey', 'client_secret', 'x', 'author', 'items')
    const leaf = fc.oneof(
      fc.string(),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.boolean(),
      fc.constant(null),
    )
    const value = fc.letrec(tie => ({
      node: fc.oneof({ maxDepth: 4 }, leaf, fc.array(tie('node')), fc.dictionary(names, tie('node'))),
    })).node
    fc.assert(
      fc.property(value, fc.constantFrom(0, 2), (body, indent) => {
        const masked: unknown = JSON.parse(maskBody(JSON.stringify({ root: body }, null, indent), 'application/json'))
        expect(masked).toEqual(JSON.parse(JSON.stringify({ root: expected(body) })))
      }),
      { numRuns: 500 },
    )
  })

  it('takes whatever it is given, in time', () => {
    const nasty = ['"', '{', '["', '{"a":', '"":', '\\', '{"password":[', '":', '{"password":"\\', 'é']
    for (const part of nasty) {
      const text = maskBody(part.repeat(1_000_000 / part.length), 'application/json', { paths: ['a.b.c', '*.*'] })
      expect(text).toMatch(/ \[cut, of \d+ bytes\]$/)
    }
  })
})

/** What must come of it, said the slow way. */
function expected(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(expected)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [name, isSecretName(name) ? MASK : expected(item)]),
  )
}

describe('maskHeaders', () => {
  it('masks credentials, cookies and signatures, and keeps how somebody authenticates', () => {
    expect(
      maskHeaders(
        {
          Authorization: 'Bearer canary',
          'proxy-authorization': 'canary',
          'X-API-Key': 'canary',
          'x-webhook-signature': 'canary',
          'Set-Cookie': ['a=canary', 'b=canary'],
          'X-Author': 'Ann',
          'X-Custom': 'canary',
          accept: ['a', 'b'],
          gone: undefined,
        },
        ['x-custom'],
      ),
    ).toEqual({
      Authorization: `Bearer ${MASK}`,
      'proxy-authorization': MASK,
      'X-API-Key': MASK,
      'x-webhook-signature': MASK,
      'Set-Cookie': MASK,
      'X-Author': 'Ann',
      'X-Custom': MASK,
      accept: 'a, b',
    })
  })

  it('escapes control characters and takes any name', () => {
    expect(maskHeaders({ 'x-a': 'b\r\nc: d\u001b' })).toEqual({ 'x-a': 'b\\u000d\\u000ac: d\\u001b' })
    const odd = maskHeaders(JSON.parse('{"__proto__":"x"}') as Record<string, string>)
    expect(Object.entries(odd)).toEqual([['__proto__', 'x']])
  })
})

describe('maskUrl', () => {
  it.each([
    ['https://a.example.com/x/y?page=2', 'https://a.example.com/x/y?page=2'],
    ['https://user:canary@a.example.com:8443/x#canary', `https://${MASK}@a.example.com:8443/x`],
    [
      'https://a.example.com/?api_key=canary&sort=key&key=canary&a',
      `https://a.example.com/?api_key=${MASK}&sort=key&key=${MASK}&a`,
    ],
    ['https://a.example.com/?to%6ben=canary', `https://a.example.com/?to%6ben=${MASK}`],
    ['https://hooks.slack.com/services/T0/B0/canary?x=1', `https://hooks.slack.com/services/${MASK}?x=1`],
    ['https://HOOKS.slack.com/services/canary', `https://hooks.slack.com/services/${MASK}`],
    ['https://discord.com/api/webhooks/1/canary', `https://discord.com/api/webhooks/${MASK}`],
    ['https://x.webhook.office.com/webhookb2/canary', `https://x.webhook.office.com/webhookb2/${MASK}`],
    ['https://api.telegram.org/bot1:canary/sendMessage', `https://api.telegram.org/bot${MASK}`],
    ['https://hooks.slack.com.example.com/services/x', 'https://hooks.slack.com.example.com/services/x'],
    ['not a url', '[invalid URL]'],
    ['mailto:canary@example.com', '[invalid URL]'],
  ])('%s → %s', (url, expectedUrl) => expect(maskUrl(url)).toBe(expectedUrl))

  it('masks further paths', () => {
    const options = { paths: ['chat.example.com/hooks/', '*.example.org/'] }
    expect(maskUrl('https://chat.example.com/hooks/canary', options)).toBe(`https://chat.example.com/hooks/${MASK}`)
    expect(maskUrl('https://a.b.example.org/canary', options)).toBe(`https://a.b.example.org/${MASK}`)
    expect(maskUrl('https://chat.example.com/other', options)).toBe('https://chat.example.com/other')
  })
})
