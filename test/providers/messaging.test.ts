import { aircall } from 'crm-webhooks/providers/aircall'
import { discord } from 'crm-webhooks/providers/discord'
import { line } from 'crm-webhooks/providers/line'
import { meta } from 'crm-webhooks/providers/meta'
import { segment } from 'crm-webhooks/providers/segment'
import { slack } from 'crm-webhooks/providers/slack'
import { telegram } from 'crm-webhooks/providers/telegram'
import { viber } from 'crm-webhooks/providers/viber'
import { whatsapp } from 'crm-webhooks/providers/whatsapp'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { utf8 } from '../../src/bytes/encoding.ts'
import { createReceiver } from '../../src/inbound/receiver.ts'
import { reply } from '../../src/model/receive-result.ts'
import { integerText } from '../../src/providers/viber/integer-text.ts'
import { hmacSignature } from '../../src/signatures/hmac-signature.ts'
import { fixtures as discordFixtures } from '../../src/testing/fixtures/discord.ts'
import { clock, eventsOf, FORM, get, NOW, receive, SECRET, signed } from './receiving.ts'
import { parseOne, request } from './support.ts'

describe('Meta and WhatsApp', () => {
  const secrets = { appSecret: SECRET, verifyToken: 'the verify token' }

  it.each([
    ['a wrong token', 'hub.mode=subscribe&hub.challenge=1&hub.verify_token=x'],
    ['no token', 'hub.mode=subscribe&hub.challenge=1'],
    ['two tokens', 'hub.mode=subscribe&hub.challenge=1&hub.verify_token=the+verify+token&hub.verify_token=x'],
    ['script', 'hub.mode=subscribe&hub.challenge=%3Cscript%3E%20&hub.verify_token=the+verify+token'],
    ['a long challenge', `hub.mode=subscribe&hub.challenge=${'1'.repeat(600)}&hub.verify_token=the+verify+token`],
  ])('answers 403 to %s', async (_title, query) => {
    expect(await receive(meta(secrets), get(`/hook?${query}`))).toMatchObject({ status: 403, body: '' })
  })

  it('is no page for other GETs', async () => {
    expect((await receive(meta(secrets), get('/hook'))).status).toBe(405)
  })

  it('never takes the verify token for a key', async () => {
    const forged = hmacSignature({
      secret: secrets.verifyToken,
      signature: { header: 'x-hub-signature-256', prefix: 'sha256=' },
    }).authenticate(request({ object: 'page', entry: [] }))
    expect(await meta(secrets).verify(forged)).toMatchObject({ ok: false, code: 'signature_mismatch' })
  })

  it('splits entries, and tells two equal statuses of one message apart', () => {
    const provider = whatsapp(secrets)
    const metadata = { display_phone_number: '1', phone_number_id: '2' }
    const change = (value: object) => ({ field: 'messages', value: { metadata, ...value } })
    const status = (name: string) => ({ id: 'wamid.1', status: name, timestamp: '1767261600', recipient_id: '3' })
    const body = {
      object: 'whatsapp_business_account',
      entry: [
        { id: 'a', changes: [change({ statuses: [status('sent'), status('delivered')] })] },
        { id: 'b', changes: [change({ messages: [{ id: 'wamid.2', from: '3', timestamp: '1', type: 'text' }] })] },
        { id: 'c', changes: [change({ statuses: [status('warning')] }), { field: 'flows', value: { event: 'X' } }] },
      ],
    }
    const events = eventsOf(provider, request(body))
    expect(events.map(({ id, type }) => `${id} ${type}`).slice(0, 4)).toEqual([
      'wamid.1:sent message.sent',
      'wamid.1:delivered message.delivered',
      'wamid.2 message.received',
      'wamid.1:warning status.warning',
    ])
    expect(events[4]).toMatchObject({ type: 'flows.changed', known: false })
  })

  it('refuses a message that is not of the documented shape', () => {
    const value = { metadata: {}, messages: [{ id: 7 }] }
    const body = { object: 'whatsapp_business_account', entry: [{ id: 'a', changes: [{ field: 'messages', value }] }] }
    expect(whatsapp(secrets).parse(request(body))).toMatchObject({ ok: false, code: 'invalid_data' })
  })
})

describe('LINE', () => {
  it('knows a redelivery', () => {
    const event = { type: 'message', webhookEventId: 'E1', deliveryContext: { isRedelivery: true } }
    expect(parseOne(line({ channelSecret: SECRET }), request({ events: [event] }))).toMatchObject({
      id: 'E1',
      attempt: 2,
    })
  })
})

describe('Viber', () => {
  const read = (text: string) => integerText(utf8(text), 'message_token')

  it.each([
    ['{"message_token":4912661846655238145}', '4912661846655238145'],
    ['{ "message_token" : 4912661846655238145 , "a":1}', '4912661846655238145'],
    ['{"a":{"message_token":1},"message_token":2}', '2'],
    ['{"message_token":2,"a":{"message_token":1}}', '2'],
    ['{"message_token":1,"message_token":2}', '2'],
    ['{"message_token":1,"message_token":"2"}', undefined],
    [String.raw`{"text":"\"message_token\":1","message_token":2}`, '2'],
    ['{"text":"message_token","message_token":2}', '2'],
    ['{"message_token":1.5}', undefined],
    ['{"message_token":1e3}', undefined],
    ['["message_token",1]', undefined],
    ['{"other":1}', undefined],
  ])('reads the token of %s', (text, expected) => {
    expect(read(text)).toBe(expected)
  })

  it('reads what JSON.parse reads, as far as that can', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.constantFrom('message_token', 'a', '"', '\\'), fc.json()),
        fc.maxSafeInteger(),
        (more, token) => {
          const members = Object.entries(more).map(([key, json]) => `${JSON.stringify(key)}:${json}`)
          const text = `{${[...members, `"message_token":${token}`].join(',')}}`
          expect(read(text)).toBe(String((JSON.parse(text) as { message_token: number }).message_token))
        },
      ),
    )
  })

  it('tells two tokens apart that are equal as numbers', () => {
    const provider = viber({ authToken: SECRET })
    const body = (token: string) => `{"event":"seen","message_token":${token},"user_id":"u"}`
    const ids = ['4912661846655238145', '4912661846655238146'].map(token => parseOne(provider, request(body(token))).id)
    expect(new Set(ids).size).toBe(2)
  })
})

describe('Telegram', () => {
  it.each(['with blank', 'ü', 'a'.repeat(257), 'a:b'])('throws for a token that Telegram does not allow: %s', token => {
    expect(() => telegram({ secretToken: token })).toThrow('secretToken')
  })

  it('hands on an update of a kind that is new', () => {
    const event = parseOne(telegram({ secretToken: 'abc' }), request({ update_id: 5, brand_new: { id: 3 } }))
    expect(event).toMatchObject({ id: '5', type: 'brand_new.received', known: false, recordId: '3' })
  })
})

describe('Slack', () => {
  const provider = slack({ signingSecret: SECRET })
  const challenge = { type: 'url_verification', challenge: 'abc' }

  it('answers the challenge only when it is signed', async () => {
    expect((await receive(provider, request(challenge))).status).toBe(401)
    expect(await receive(provider, await signed(provider, request(challenge)))).toMatchObject({
      status: 200,
      body: 'abc',
    })
  })

  it('counts the tries', () => {
    const body = { type: 'event_callback', event_id: 'Ev1', event: { type: 'reaction_added' } }
    const retry = { 'x-slack-retry-num': '3', 'x-slack-retry-reason': 'http_error' }
    expect(parseOne(provider, request(body))).toMatchObject({ id: 'Ev1', type: 'reaction.added', attempt: 1 })
    expect(parseOne(provider, request(body, retry))).toMatchObject({ id: 'Ev1', attempt: 4 })
    expect(parseOne(provider, request(body, { 'x-slack-retry-num': '-1e9' }))).toMatchObject({ attempt: 1 })
  })

  it('acknowledges with nothing, and answers a command with the reply', async () => {
    const proved = await signed(provider, request('command=%2Fx&text=hi&trigger_id=1', FORM))
    expect(await receive(provider, proved)).toMatchObject({ status: 200, body: '' })
    const receiver = createReceiver({ provider, clock })
    receiver.on('*', () => reply({ text: 'ok' }))
    expect(await receiver.receive(proved)).toMatchObject({ status: 200, body: '{"text":"ok"}' })
  })
})

describe('Discord', () => {
  it('does not take an event for a ping, and answers 401 to a wrong signature', async () => {
    const provider = discordFixtures.create()
    const event = request({ type: 1, event: { type: 'ENTITLEMENT_CREATE', timestamp: '2026-01-01T10:00:00Z' } })
    const proved = (await discordFixtures.authenticate?.(event, NOW)) ?? event
    expect(await receive(provider, proved)).toMatchObject({ status: 204, body: '' })
    expect(parseOne(provider, proved)).toMatchObject({ type: 'entitlement.create' })
    const ping = request({ type: 1 }, { 'x-signature-ed25519': '00'.repeat(64), 'x-signature-timestamp': '1767261600' })
    expect((await receive(provider, ping)).status).toBe(401)
  })

  it('looks at the time when it is told to', async () => {
    const publicKey = 'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a'
    const provider = discord({ publicKey, toleranceSeconds: 300 })
    const proved = (await discordFixtures.authenticate?.(request({ type: 2, id: '1' }), NOW)) ?? request({})
    expect(await provider.verify(proved, { now: NOW + 300_000 })).toMatchObject({ ok: true })
    expect(await provider.verify(proved, { now: NOW + 301_000 })).toMatchObject({ code: 'timestamp_too_old' })
  })
})

describe('Aircall', () => {
  it('takes the token of any of its webhooks, from the top of the body only', async () => {
    const provider = aircall({ token: ['token-one', 'token-two'] })
    expect(await provider.verify(request({ token: 'token-two', event: 'call.ended' }))).toMatchObject({ ok: true })
    expect(await provider.verify(request({ data: { token: 'token-two' } }))).toMatchObject({ ok: false })
    expect(await provider.verify(request({ token: ['token-two'] }))).toMatchObject({ ok: false })
  })
})

describe('Segment', () => {
  it('refuses a list, of which only the first event would be signed', async () => {
    const provider = segment({ secret: SECRET })
    const proved = await signed(provider, request([{ type: 'track' }, { type: 'track' }]))
    expect(await provider.verify(proved)).toMatchObject({ ok: false, code: 'unsupported_signature' })
    const padded = await signed(provider, request(' \n[{}]'))
    expect(await provider.verify(padded)).toMatchObject({ ok: false, code: 'unsupported_signature' })
  })
})
