import { execFile } from 'node:child_process'
import { createHmac } from 'node:crypto'
import { Webhook as StandardWebhook } from 'standardwebhooks'
import { Webhook as Svix } from 'svix'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { SECRET } from './support.ts'
import { at, type Captured, last, plainHeaders, startWireRig, type WireRig } from './wire-rig.ts'

let rig: WireRig
let endpointId: string
beforeAll(async () => {
  rig = await startWireRig({ userAgent: 'acme-crm/1.0 (+https://acme.example)' })
})
afterAll(() => rig.close())
beforeEach(async () => {
  rig.answers = [{ status: 200 }]
  for (const { id } of (await rig.sender.endpoints.list()).items) await rig.sender.endpoints.delete(id)
})

const create = async (more: object = {}) => {
  const { endpoint } = await rig.sender.endpoints.create(at(rig, { secret: SECRET, ...more }))
  endpointId = endpoint.id
}

/** Data that is easily damaged on the way. */
const AWKWARD: ReadonlyArray<readonly [string, unknown]> = [
  ['ASCII', { id: 1, name: 'Ada' }],
  ['umlauts and emoji', { name: 'Zoë Müller', note: 'naïve 日本語 🎉👩‍👩‍👧 \u{1F9D1}\u200D\u{1F4BB}' }],
  [
    'numbers beyond 2^53 as text',
    { id: '9007199254740993', other: '12345678901234567890', negative: '-9223372036854775808' },
  ],
  ['numbers that JSON writes in several ways', [0, -0, 1e21, 1e-7, 0.1, 1.0, 9007199254740991, -5e-324]],
  ['controls and separators', { text: 'a\u0000\u0007\b\f\n\r\t\u2028\u2029\u007f"\\/</script>' }],
  ['half a character', { text: `\uD83C and \uDF89` }],
  ['odd keys', JSON.parse('{"__proto__":{"a":1},"constructor":2,"10":"b","9":"a","":"empty","a.b":3}') as unknown],
  ['normal forms', { composed: '\u00e9', decomposed: 'e\u0301' }],
  ['an empty object', {}],
  ['a list', []],
  ['null', null],
  ['text', 'only text'],
  ['false', false],
  ['a large one', { text: 'ü🎉'.repeat(50_000) }],
]

const openssl = (data: Buffer, hexKey: string, ...format: readonly string[]): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    const args = ['dgst', '-sha256', '-mac', 'HMAC', '-macopt', `hexkey:${hexKey}`, ...format]
    const child = execFile('openssl', args, { encoding: 'buffer' }, (error, stdout) =>
      error === null ? resolve(stdout) : reject(error),
    )
    child.stdin?.end(data)
  })

describe('a delivery over a real socket', () => {
  it('is the request that it should be, byte for byte', async () => {
    await create()
    const { method, path, body, headers, rawHeaders } = await rig.send({ id: 7, name: 'Zoë' })
    const timestamp = new Date(rig.clock.now()).toISOString()
    expect(body.toString('latin1')).toBe(
      Buffer.from(`{"type":"lead.created","timestamp":"${timestamp}","data":{"id":7,"name":"Zoë"}}`).toString('latin1'),
    )
    expect([method, path]).toEqual(['POST', '/hooks?tenant=7'])
    expect(headers).toMatchObject({
      host: new URL(rig.url).host,
      'content-type': 'application/json',
      'content-length': String(body.length),
      'user-agent': 'acme-crm/1.0 (+https://acme.example)',
      'x-webhook-event': 'lead.created',
      'x-webhook-attempt': '1',
      'x-webhook-delivery-id': expect.stringMatching(/^evt_.+_0$/) as string,
      'webhook-id': expect.stringMatching(/^evt_[\w-]+$/) as string,
      'webhook-timestamp': String(Math.floor(rig.clock.now() / 1000)),
    })
    const names = rawHeaders.filter((_, i) => i % 2 === 0).map(name => name.toLowerCase())
    expect(new Set(names).size).toBe(names.length)
  })

  it.each(AWKWARD)('is verified by the standardwebhooks and svix packages: %s', async (_name, data) => {
    await create()
    const captured = await rig.send(data)
    const expected = JSON.parse(JSON.stringify(data)) as unknown
    expect(new StandardWebhook(SECRET).verify(captured.body, plainHeaders(captured))).toMatchObject({ data: expected })
    expect(new Svix(SECRET).verify(captured.body, plainHeaders(captured))).toMatchObject({ data: expected })
    expect(JSON.parse(captured.body.toString('utf8'))).toMatchObject({ data: expected })
    const tampered = Buffer.concat([captured.body, Buffer.from(' ')])
    expect(() => new StandardWebhook(SECRET).verify(tampered, plainHeaders(captured))).toThrow(/signature/)
    expect(() => new Svix(SECRET).verify(tampered, plainHeaders(captured))).toThrow(/signature/)
  })

  it('is verified by openssl: standard, hex and sha256', async () => {
    const keyHex = Buffer.from(SECRET.slice(6), 'base64').toString('hex')
    await create()
    const { body, headers } = await rig.send(AWKWARD[1]?.[1])
    const signed = Buffer.concat([Buffer.from(`${headers['webhook-id']}.${headers['webhook-timestamp']}.`), body])
    const mac = await openssl(signed, keyHex, '-binary')
    expect(headers['webhook-signature']).toBe(`v1,${mac.toString('base64')}`)

    const textHex = Buffer.from('a secret ünd more').toString('hex')
    for (const [signature, prefix] of [
      ['hex', ''],
      ['sha256', 'sha256='],
    ] as const) {
      await rig.sender.endpoints.delete(endpointId)
      await create({ signature, secret: 'a secret ünd more' })
      const { body: sent, headers: with_ } = await rig.send(AWKWARD[1]?.[1])
      const output = (await openssl(sent, textHex)).toString()
      expect(with_['x-webhook-signature']).toBe(prefix + output.trim().split(' ').at(-1))
    }
  })

  it.each(AWKWARD)("is verified by the WhatsCRM guide's own sample, which serialises anew: %s", async (_name, data) => {
    await create({ signature: 'sha256', envelope: 'whatscrm', secret: 'your-webhook-secret' })
    const captured = await rig.send(data, 'message.new')
    // As the guide has it: the parsed body, written again.
    const req = {
      headers: captured.headers,
      body: JSON.parse(captured.body.toString('utf8')) as { event: string; data: unknown },
    }
    const expectedSignature = `sha256=${createHmac('sha256', 'your-webhook-secret').update(JSON.stringify(req.body)).digest('hex')}`
    expect(req.headers['x-webhook-signature']).toBe(expectedSignature)
    expect(req.body).toMatchObject({ event: 'message.new', data: JSON.parse(JSON.stringify(data)) as unknown })
  })

  it.each(['POST', 'PUT', 'PATCH'] as const)('goes by %s', async method => {
    await create({ method })
    const captured = await rig.send()
    expect(captured.method).toBe(method)
    expect(new StandardWebhook(SECRET).verify(captured.body, plainHeaders(captured))).toBeTruthy()
  })

  it.each([
    [{ type: 'none' }, 'authorization', undefined],
    [
      { type: 'basic', username: 'Jörg', password: 'pä:ss' },
      'authorization',
      `Basic ${Buffer.from('Jörg:pä:ss').toString('base64')}`,
    ],
    [{ type: 'bearer', token: 'tok-en.123' }, 'authorization', 'Bearer tok-en.123'],
    [{ type: 'apiKey', header: 'X-Acme', key: 'key 1' }, 'x-acme', 'key 1'],
  ])('is authorised by %o, which no log shows', async (auth, header, value) => {
    await create({ auth })
    const { headers } = await rig.send()
    expect(headers[header]).toBe(value)
    const log = JSON.stringify([await rig.sender.attempts.list({ endpointId }), await rig.sender.preview(endpointId)])
    for (const secret of [value, 'pä:ss', 'tok-en.123', 'key 1'])
      if (secret !== undefined) expect(log).not.toContain(secret)
  })

  it('carries custom headers, whatever bytes Latin-1 has, once each', async () => {
    await create({
      headers: { 'X-Size': 'Größe', 'user-agent': 'mine/2', Accept: '*/*' },
      auth: { type: 'bearer', token: 'wins' },
    })
    const { headers, rawHeaders } = await rig.send()
    expect(headers['x-size']).toBe('Größe')
    expect(rawHeaders.filter((name, i) => i % 2 === 0 && name.toLowerCase() === 'user-agent')).toEqual(['user-agent'])
    expect(headers).toMatchObject({ 'user-agent': 'mine/2', authorization: 'Bearer wins' })
  })
})

describe('a retry over a real socket', () => {
  it('has the same bytes and id, and a fresh time and signature that verifies', async () => {
    await create({ retry: [30, 60], signature: 'standard' })
    rig.answers = [{ status: 500 }, { status: 503 }, { status: 200 }]
    const before = rig.captured.length
    await rig.send(AWKWARD[1]?.[1])
    await rig.clock.advance(30_000)
    await rig.sender.drain()
    await rig.clock.advance(60_000)
    await rig.sender.drain()
    const tries = rig.captured.slice(before)
    expect(tries.map(({ headers }) => headers['x-webhook-attempt'])).toEqual(['1', '2', '3'])
    const distinct = (read: (captured: Captured) => unknown) => new Set(tries.map(read)).size
    expect(distinct(({ body }) => body.toString('latin1'))).toBe(1)
    expect(distinct(({ headers }) => headers['webhook-id'])).toBe(1)
    expect(distinct(({ headers }) => headers['x-webhook-delivery-id'])).toBe(1)
    expect(distinct(({ headers }) => headers['webhook-timestamp'])).toBe(3)
    expect(distinct(({ headers }) => headers['webhook-signature'])).toBe(3)
    for (const captured of tries) {
      expect(new StandardWebhook(SECRET).verify(captured.body, plainHeaders(captured))).toMatchObject({
        type: 'lead.created',
      })
      expect(new Svix(SECRET).verify(captured.body, plainHeaders(captured))).toMatchObject({ type: 'lead.created' })
    }
    expect((await rig.sender.deliveries.list({ endpointId })).items).toMatchObject([
      { status: 'succeeded', attempts: 3 },
    ])
  })

  it('has the same bytes after the template, the envelope and the address were changed', async () => {
    await create({ retry: [30], template: { title: '{{name}}', at: '{{event.timestamp}}' } })
    rig.answers = [{ status: 500 }, { status: 200 }]
    const first = await rig.send({ name: 'Zoë 🎉' })
    await rig.sender.endpoints.update(endpointId, { template: '{"other":1}', url: `${rig.url}/moved` })
    await rig.clock.advance(30_000)
    await rig.sender.drain()
    const second = last(rig.captured)
    expect(second.path).toBe('/moved')
    expect(second.body).toEqual(first.body)
    expect(JSON.parse(second.body.toString())).toMatchObject({ title: 'Zoë 🎉' })
    expect(new StandardWebhook(SECRET).verify(second.body, plainHeaders(second))).toBeTruthy()
  })
})
