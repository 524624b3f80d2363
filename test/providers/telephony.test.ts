import { dialpad } from 'crm-webhooks/providers/dialpad'
import { messagebird } from 'crm-webhooks/providers/messagebird'
import { plivo } from 'crm-webhooks/providers/plivo'
import { twilio } from 'crm-webhooks/providers/twilio'
import { vonage } from 'crm-webhooks/providers/vonage'
import * as fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { utf8 } from '../../src/bytes/encoding.ts'
import { sha256Hex } from '../../src/bytes/hash.ts'
import { createReceiver } from '../../src/inbound/receiver.ts'
import { reply } from '../../src/model/receive-result.ts'
import { hmacSignature } from '../../src/signatures/hmac-signature.ts'
import { clock, eventsOf, FORM, get, NOW, receive, SECRET, signed } from './receiving.ts'
import { parseOne, request } from './support.ts'

describe('Vonage', () => {
  it('refuses a token older than the tolerance, and a body that the token does not hold', async () => {
    const provider = vonage({ secret: SECRET })
    const proved = await signed(provider, request({ message_uuid: 'm1', text: 'hi' }))
    expect(await provider.verify(proved, { now: NOW })).toMatchObject({ ok: true })
    expect(await provider.verify({ ...proved, body: utf8('{}') }, { now: NOW })).toMatchObject({ ok: false })
    expect(await provider.verify(proved, { now: NOW + 301_000 })).toMatchObject({
      ok: false,
      code: 'timestamp_too_old',
    })
  })
})

describe('Dialpad', () => {
  it('reads the claims of the token that is the body', async () => {
    const provider = dialpad({ secret: SECRET })
    const proved = await signed(provider, request({ call_id: 7, state: 'ringing', contact: { name: 'Zoë' } }))
    expect(new TextDecoder().decode(proved.body)).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+$/)
    expect(parseOne(provider, proved)).toMatchObject({ type: 'call.ringing', data: { contact: { name: 'Zoë' } } })
    expect(await provider.verify(request({ call_id: 7, state: 'ringing' }), { now: NOW })).toMatchObject({ ok: false })
  })
})

describe('MessageBird', () => {
  it('signs the public URL with the query of the request', async () => {
    const outside = messagebird({ secret: SECRET, url: 'https://hooks.example.com/bird' })
    const seen = get('http://10.0.0.7:3000/bird?id=m1&status=delivered')
    const proved = await signed(
      messagebird({ secret: SECRET }),
      get('https://hooks.example.com/bird?id=m1&status=delivered'),
    )
    expect(await outside.verify({ ...seen, headers: proved.headers }, { now: NOW })).toMatchObject({ ok: true })
    const other = get('http://10.0.0.7:3000/bird?id=m1&status=failed')
    expect(await outside.verify({ ...other, headers: proved.headers }, { now: NOW })).toMatchObject({ ok: false })
    expect(eventsOf(outside, seen)[0]).toMatchObject({ type: 'message.delivered' })
  })
})

describe('Twilio', () => {
  const ANY_SHA1 = 'AAAAAAAAAAAAAAAAAAAAAAAAAAA='
  const provider = twilio({ authToken: SECRET })
  const url = 'https://hooks.example.com/twilio'

  it('covers repeated fields once, sorted', async () => {
    const proved = await signed(provider, request('b=2&a=z&a=y&a=z', FORM, url))
    const reordered = { ...proved, body: utf8('a=y&a=z&b=2') }
    expect(await provider.verify(reordered)).toMatchObject({ ok: true })
    expect(await provider.verify({ ...proved, body: utf8('a=y&b=2') })).toMatchObject({ ok: false })
  })

  it('refuses a JSON body that the URL does not cover', async () => {
    const bare = await signed(provider, { ...request('', {}, url), body: new Uint8Array(0) })
    const forged = { ...bare, headers: { ...bare.headers, 'content-type': 'application/json' }, body: utf8('{"a":1}') }
    expect(await provider.verify(forged)).toMatchObject({ ok: false, code: 'unsupported_signature' })
  })

  it('takes a JSON body whose hash is in the URL, and only that one', async () => {
    const body = '{"EventType":"onMessageAdded"}'
    const at = `${url}?bodySHA256=${sha256Hex(utf8(body))}`
    const proved = await signed(provider, request(body, { 'content-type': 'application/json' }, at))
    expect(await provider.verify(proved)).toMatchObject({ ok: true })
    expect(await provider.verify({ ...proved, body: utf8('{}') })).toMatchObject({ ok: false })
    const twice = { ...proved, url: `${at}&bodySHA256=${sha256Hex(utf8('{}'))}`, body: utf8('{}') }
    expect(await provider.verify(twice)).toMatchObject({ ok: false })
  })

  it.each([
    ['missing_header', undefined],
    ['malformed_signature', 'AAAA'],
    ['malformed_signature', 'x'.repeat(28)],
  ])('%s before anything of the request is read', async (code, signature) => {
    const body = new Proxy(utf8('a=1'), { get: () => expect.unreachable('the body was read') })
    const headers = { ...FORM, ...(signature && { 'x-twilio-signature': signature }) }
    expect(await provider.verify({ method: 'POST', url, headers, body })).toMatchObject({ ok: false, code })
  })

  it('reads no form of more than 2000 fields', async () => {
    const form = (fields: number): string => Array.from({ length: fields }, (_, i) => `f${i}=`).join('&')
    expect(await provider.verify(await signed(provider, request(form(2000), FORM, url)))).toMatchObject({ ok: true })
    const headers = { ...FORM, 'x-twilio-signature': ANY_SHA1 }
    for (const fields of [form(2001), '&'.repeat(500_000)]) {
      expect(await provider.verify(request(fields, headers, url))).toMatchObject({ ok: false, code: 'malformed_body' })
    }
  })

  it('never throws, whatever the URL', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string(), async text => {
        const verdict = await provider.verify(request('a=1', { ...FORM, 'x-twilio-signature': ANY_SHA1 }, text))
        expect(verdict.ok).toBe(false)
      }),
    )
  })

  it('answers with TwiML', async () => {
    const proved = await signed(provider, request('CallSid=CA1&CallStatus=ringing', FORM, url))
    expect(await receive(provider, proved)).toMatchObject({ status: 200, body: '<Response/>' })
    const receiver = createReceiver({ provider, clock })
    receiver.on('*', () => reply('<Response><Say>Hi</Say></Response>'))
    const answer = await receiver.receive(proved)
    expect(answer).toMatchObject({
      headers: { 'content-type': 'text/xml' },
      body: '<Response><Say>Hi</Say></Response>',
    })
  })

  it('does not take two steps of a call for one', async () => {
    const receiver = createReceiver({ provider, clock })
    const handler = vi.fn()
    receiver.on('*', handler)
    for (const digits of ['1', '2']) {
      await receiver.receive(
        await signed(provider, request(`CallSid=CA1&CallStatus=in-progress&Digits=${digits}`, FORM, url)),
      )
    }
    expect(handler).toHaveBeenCalledTimes(2)
  })
})

describe('Plivo', () => {
  const nonce = '05429567804466091622'
  const sign = (text: string): string =>
    hmacSignature({ secret: SECRET, signature: { header: 's' }, encoding: 'base64' }).sign({ body: text }).s ?? ''
  const provider = plivo({ authToken: SECRET })
  const headers = (text: string) => ({
    ...FORM,
    'x-plivo-signature-v3': sign(text),
    'x-plivo-signature-v3-nonce': nonce,
  })
  const url = 'https://hooks.example.com/plivo'

  it.each([
    ['fields', 'POST', url, 'To=2&From=1&To=1', `${url}?From1To1To2.${nonce}`],
    ['query and fields', 'POST', `${url}?b=2&a=%201`, 'To=2', `${url}?a= 1&b=2.To2.${nonce}`],
    ['query only', 'GET', `${url}?b=2&a=1`, '', `${url}?a=1&b=2.${nonce}`],
    ['nothing', 'POST', url, '', `${url}.${nonce}`],
  ])('V3 over %s', async (_title, method, at, body, text) => {
    const input = { ...request(body, headers(text), at), method }
    expect(await provider.verify(input)).toMatchObject({ ok: true })
    expect(await provider.verify({ ...input, body: utf8(`${body}&x=1`), method: 'POST' })).toMatchObject({ ok: false })
  })

  it('takes any signature of a list, and the one of the main account', async () => {
    const right = sign(`${url}?a1.${nonce}`)
    const list = { ...FORM, 'x-plivo-signature-v3': `AAAA,${right}`, 'x-plivo-signature-v3-nonce': nonce }
    expect(await provider.verify(request('a=1', list, url))).toMatchObject({ ok: true })
    const main = { ...FORM, 'x-plivo-signature-ma-v3': right, 'x-plivo-signature-v3-nonce': nonce }
    expect(await provider.verify(request('a=1', main, url))).toMatchObject({ ok: true })
  })

  it.each(['AAAA', 'AAAA,,BBBB', '~'.repeat(44)])('does not read the body for %s', async signature => {
    const body = new Proxy(utf8('a=1'), {
      get: (bytes, key) => (key === 'length' ? bytes.length : expect.unreachable('the body was read')),
    })
    const given = { ...FORM, 'x-plivo-signature-v3': signature, 'x-plivo-signature-v3-nonce': nonce }
    const verdict = await provider.verify({ method: 'POST', url, headers: given, body })
    expect(verdict).toMatchObject({ ok: false, code: 'malformed_signature' })
  })

  it('reads no form of more than 2000 fields', async () => {
    const many = Array.from({ length: 2001 }, (_, i) => `f${i}=`).join('&')
    expect(await provider.verify(request(many, headers('x'), url))).toMatchObject({ ok: false, code: 'malformed_body' })
  })

  it('takes a URL without a path with the slash and without', async () => {
    for (const root of ['https://hooks.example.com', 'https://hooks.example.com/']) {
      const input = request('a=1', headers(`${root}?a1.${nonce}`), 'https://hooks.example.com')
      expect(await provider.verify(input)).toMatchObject({ ok: true })
    }
  })

  it('does not fall back to V2, which covers no body', async () => {
    const v2 = await signed(plivo({ authToken: SECRET, version: 'v2' }), request('a=1', FORM, url))
    expect(await provider.verify(v2)).toMatchObject({ ok: false, code: 'missing_header' })
  })
})
