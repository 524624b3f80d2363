import { reply } from 'crm-webhooks'
import { inboundCallReply, type RetellCall, type RetellEvents, retell } from 'crm-webhooks/providers/retell'
import fc from 'fast-check'
import { symmetric } from 'retell-sdk/lib/webhook_auth'
import { describe, expect, expectTypeOf, it } from 'vitest'
import type { EventOf } from '../../src/model/event.ts'
import { singleHeader } from '../../src/model/http.ts'
import { parseOne, request } from './support.ts'

const apiKey = 'test-api-key'
const provider = retell({ apiKey })
const NOW = 1_700_000_000_000
const BODY = '{"event":"call_ended"}'
const DIGEST = '07024cabe7dd8f6d1c6e4a8324ca92c812e6ad4a7ee506c04f7e462e3321823e'
const LEGACY = 't=1700000000,v1=0b72f42883719030d1147ec0682c07c59e7fceca365f7c2606abe2cfe442b2bd'

const signed = (value: string, body = BODY) => request(body, { 'x-retell-signature': value })
const verify = (value: string, now = NOW) => provider.verify(signed(value), { now })

describe('signature', () => {
  it("accepts the SDK's published value, its digest in either case", () => {
    expect(verify(`v=${NOW},d=${DIGEST}`)).toMatchObject({ ok: true })
    expect(verify(`v=${NOW},d=${DIGEST.toUpperCase()}`)).toMatchObject({ ok: true })
  })

  it.each([
    ['at the tolerance, late', 300_000, true],
    ['a millisecond later', 300_001, false],
    ['at the tolerance, early', -300_000, true],
    ['a millisecond earlier', -300_001, false],
  ])('%s', (_title, offset, ok) => {
    expect(verify(`v=${NOW},d=${DIGEST}`, NOW + offset)).toMatchObject({ ok })
  })

  it.each([
    ['empty', '', 'malformed_signature'],
    ['without digest', `v=${NOW}`, 'malformed_signature'],
    ['in the other order', `d=${DIGEST},v=${NOW}`, 'malformed_signature'],
    ['with text before', `x,v=${NOW},d=${DIGEST}`, 'malformed_signature'],
    ['with text after', `v=${NOW},d=${DIGEST},x`, 'malformed_signature'],
    ['with a line break after', `v=${NOW},d=${DIGEST}\n`, 'malformed_signature'],
    ['with something else than hex', `v=${NOW},d=not-hex`, 'malformed_signature'],
    ['with 62 digits', `v=${NOW},d=${DIGEST.slice(2)}`, 'malformed_signature'],
    ['with an unsafe time', `v=${'9'.repeat(24)},d=${DIGEST}`, 'malformed_timestamp'],
    ['of another body', `v=${NOW},d=${DIGEST.replace('0', '1')}`, 'signature_mismatch'],
  ])('refuses one %s', (_title, value, code) => {
    expect(verify(value)).toMatchObject({ ok: false, code })
  })

  it('judges every header as the SDK does', async () => {
    const digest = fc.constantFrom(
      DIGEST,
      DIGEST.toUpperCase(),
      DIGEST.slice(1),
      `${DIGEST}0`,
      DIGEST.replace('0', 'g'),
    )
    const time = fc.constantFrom(`${NOW}`, `0${NOW}`, `${NOW}.0`, `+${NOW}`, `${NOW + 1}`, '', '9'.repeat(24), 'NaN')
    const key = fc.constantFrom('v', 'V', 't', ' v', '')
    const text = fc.oneof(
      fc
        .tuple(key, time, fc.constantFrom(',', ', ', ';', ''), fc.constantFrom('d', 'D', 'v1'), digest)
        .map(([v, ms, separator, d, hex]) => `${v}=${ms}${separator}${d}=${hex}`),
      fc.string(),
    )
    await fc.assert(
      fc.asyncProperty(text, fc.constantFrom(0, 300_000, 300_001, -300_001), async (value, offset) => {
        const theirs = await symmetric.verify(BODY, apiKey, value, { timestamp: NOW + offset })
        expect((await verify(value, NOW + offset)).ok).toBe(theirs)
      }),
    )
  })

  it('is what the SDK accepts, when it signs itself', async () => {
    const own = await provider.authenticate?.(request('{"event":"call_started","call":{"call_id":"ü"}}'), { now: NOW })
    if (own === undefined) throw new Error('it cannot sign')
    const header = singleHeader(own.headers, 'x-retell-signature') ?? ''
    const body = new TextDecoder().decode(own.body)
    expect(await symmetric.verify(body, apiKey, header, { timestamp: NOW })).toBe(true)
  })

  it('comes once', () => {
    const twice = [
      ['x-retell-signature', `v=${NOW},d=${DIGEST}`],
      ['X-Retell-Signature', `v=${NOW},d=${DIGEST}`],
    ] as const
    expect(provider.verify({ ...request(BODY), headers: twice }, { now: NOW })).toMatchObject({
      code: 'duplicate_header',
    })
    expect(provider.verify(request(BODY), { now: NOW })).toMatchObject({ code: 'missing_header' })
  })

  it('has an older form, which must be asked for', () => {
    expect(verify(LEGACY)).toMatchObject({ ok: false, code: 'malformed_signature' })
    const tolerant = retell({ apiKey, legacySignature: true })
    expect(tolerant.verify(signed(LEGACY), { now: NOW })).toMatchObject({ ok: true })
    expect(tolerant.verify(signed(` ${LEGACY.split(',').reverse().join(' , ')} `), { now: NOW })).toMatchObject({
      ok: true,
    })
    expect(tolerant.verify(signed(`v=${NOW},d=${DIGEST}`), { now: NOW })).toMatchObject({ ok: true })
    expect(tolerant.verify(signed(LEGACY, '{}'), { now: NOW })).toMatchObject({ code: 'signature_mismatch' })
    expect(tolerant.verify(signed(LEGACY), { now: NOW + 301_000 })).toMatchObject({ code: 'timestamp_too_old' })
    expect(tolerant.verify(signed(LEGACY), { now: NOW - 301_000 })).toMatchObject({ code: 'timestamp_in_future' })
  })

  it('needs a key and a sane tolerance', () => {
    expect(() => retell({ apiKey: '' })).toThrow(/apiKey/)
    expect(() => retell({ apiKey, functionSecret: ' x' })).toThrow(/functionSecret/)
    expect(() => retell({ apiKey, toleranceSeconds: Number.NaN })).toThrow(/toleranceSeconds/)
  })
})

describe('events', () => {
  const read = (body: unknown) => parseOne(provider, request(body))

  it('have ids of the event and the call, the same on each try', () => {
    const started = read({ event: 'call_started', call: { call_id: 'c1', start_timestamp: 1_714_608_475_945 } })
    expect(started).toMatchObject({ id: 'call_started:c1', idSource: 'composite', entity: 'call', action: 'started' })
    expect(started.time?.getTime()).toBe(1_714_608_475_945)
    expect(read({ event: 'call_ended', call: { call_id: 'c1' } }).id).toBe('call_ended:c1')
    expect(read({ event: 'chat_ended', chat: { chat_id: 'h1' } })).toMatchObject({
      id: 'chat_ended:h1',
      recordId: 'h1',
    })
  })

  it('tell one transcript, and one transfer, of a call from the next', () => {
    for (const event of ['transcript_updated', 'transfer_started']) {
      const ids = ['a', 'b', 'a'].map(transcript => read({ event, call: { call_id: 'c1', transcript } }).id)
      expect(ids[0]).toBe(ids[2])
      expect(ids[0]).not.toBe(ids[1])
      expect(ids[0]).toMatch(new RegExp(`^${event}:c1:[0-9a-f]{64}$`))
    }
  })

  it('tell calls from chats where the name does not', () => {
    expect(read({ event: 'transcript_updated', call: { call_id: 'c1' } }).type).toBe('call.transcript_updated')
    expect(read({ event: 'transcript_updated', chat: { chat_id: 'h1' } }).type).toBe('chat.transcript_updated')
  })

  it('carry what stands beside the call', () => {
    const event = read({ event: 'transfer_started', call: { call_id: 'c1' }, transfer_destination: '+15550100789' })
    expect(event.data).toEqual({ call_id: 'c1', transfer_destination: '+15550100789' })
    expect(event.raw).toMatchObject({ event: 'transfer_started' })
  })

  it('keep every field, and do not insist on the optional ones', () => {
    const call = { call_id: 'c1', call_type: 'web_call', call_status: null, brand_new: { deep: [1] } }
    expect(read({ event: 'call_started', call }).data).toEqual(call)
  })

  it('that Retell may add are unknown, not lost', () => {
    const event = read({ event: 'call_paused', call: { call_id: 'c1' } })
    expect(event).toMatchObject({ type: 'call.paused', nativeType: 'call_paused', known: false, recordId: 'c1' })
    expect(event.id).toMatch(/^call_paused:c1:/)
    expect(read({ event: 'billing_alert', amount: 3 })).toMatchObject({ type: 'billing.alert', known: false })
  })

  it.each([
    ['no call', { event: 'call_ended' }],
    ['a call without id', { event: 'call_ended', call: {} }],
    ['an id that is no text', { event: 'call_ended', call: { call_id: 7 } }],
    ['a time that is no number', { event: 'call_ended', call: { call_id: 'c1', end_timestamp: 'now' } }],
    ['a chat without id', { event: 'chat_ended', chat: {} }],
    ['no inbound call', { event: 'call_inbound' }],
    ['a list', []],
  ])('are refused with %s', (_title, body) => {
    expect(provider.parse(request(body))).toMatchObject({ ok: false, code: 'invalid_data' })
  })

  it('never throw, whatever is sent', () => {
    const shapes = fc.record(
      {
        event: fc.oneof(fc.constantFrom('call_ended', 'call_inbound', 'transcript_updated', 'x_y'), fc.jsonValue()),
        call: fc.oneof(fc.record({ call_id: fc.jsonValue() }), fc.jsonValue()),
        chat: fc.jsonValue(),
        name: fc.jsonValue(),
        args: fc.jsonValue(),
      },
      { requiredKeys: [] },
    )
    fc.assert(
      fc.property(fc.oneof(shapes, fc.jsonValue()), body => {
        expect(typeof provider.parse(request(body)).ok).toBe('boolean')
      }),
    )
  })
})

describe('questions', () => {
  it('ask how to take a call', () => {
    const body = { event: 'call_inbound', call_inbound: { from_number: '+15550100123', to_number: '+15550100456' } }
    const event = parseOne(provider, request(body))
    expect(event).toMatchObject({ type: 'call.inbound', expectsReply: true, data: body.call_inbound })
    expect(inboundCallReply()).toEqual(reply({ call_inbound: {} }))
    expect(
      inboundCallReply({
        overrideAgentId: 'agent_1',
        overrideAgentVersion: 2,
        dynamicVariables: { name: 'Ada' },
        metadata: { crm: 7 },
      }),
    ).toEqual(
      reply({
        call_inbound: {
          override_agent_id: 'agent_1',
          override_agent_version: 2,
          dynamic_variables: { name: 'Ada' },
          metadata: { crm: 7 },
        },
      }),
    )
  })

  it('call functions by name', () => {
    const body = { name: 'book_table', call: { call_id: 'c1' }, args: { guests: 4 } }
    expect(parseOne(provider, request(body))).toMatchObject({
      type: 'function.called',
      nativeType: 'book_table',
      recordId: 'c1',
      expectsReply: true,
      known: true,
      data: { name: 'book_table', args: { guests: 4 } },
    })
  })

  it('call functions with nothing but arguments', () => {
    const byUrl = retell({
      apiKey,
      functionName: ({ url }) => (url.startsWith('/functions/') ? url.slice('/functions/'.length) : undefined),
    })
    const args = { event: 'wedding', guests: 80 }
    expect(parseOne(byUrl, request(args, {}, '/functions/book_table'))).toMatchObject({
      type: 'function.called',
      nativeType: 'book_table',
      data: { name: 'book_table', args },
    })
    expect(parseOne(byUrl, request({ event: 'call_ended', call: { call_id: 'c1' } })).type).toBe('call.ended')
    expect(parseOne(provider, request({ guests: 80 }))).toMatchObject({
      nativeType: 'function',
      data: { args: { guests: 80 } },
    })
  })

  it('may be proved by a secret of their own, which proves no event', async () => {
    const own = retell({ apiKey, functionSecret: 'function-secret' })
    const bearer = { authorization: 'Bearer function-secret' }
    expect(await own.verify(request('{"guests":4}', bearer))).toMatchObject({ ok: true })
    expect(await own.verify(request('{"guests":4}', { authorization: 'Bearer other' }))).toMatchObject({ ok: false })
    expect(await own.verify(request('{"guests":4}'))).toMatchObject({ ok: false })
    expect(await provider.verify(request('{"guests":4}', bearer))).toMatchObject({ ok: false })
    const forged = request({ event: 'call_ended', call: { call_id: 'c1' } }, bearer)
    expect(parseOne(own, forged)).toMatchObject({ type: 'function.called' })
  })

  it('may carry an HMAC of the body instead', async () => {
    const own = retell({ apiKey, functionSecret: 'function-secret' })
    // printf '{"guests":4}' | openssl dgst -sha256 -hmac function-secret
    const digest = '4517ec066b9530f62e64edaee8bd308dec556b47f1ad3a909c30118b73819343'
    const header = { 'x-retell-function-signature': digest }
    expect(await own.verify(request('{"guests":4}', header))).toMatchObject({ ok: true })
    expect(await own.verify(request('{"guests":5}', header))).toMatchObject({ ok: false, code: 'signature_mismatch' })
  })
})

it('has typed events', () => {
  type Event = EventOf<RetellEvents>
  type Ended = Extract<Event, { type: 'call.ended' }>
  expectTypeOf<Ended['data']>().toEqualTypeOf<RetellCall>()
  expectTypeOf<Ended['data']['call_id']>().toEqualTypeOf<string>()
  expectTypeOf<Extract<Event, { type: 'function.called' }>['data']['args']>().toEqualTypeOf<
    Readonly<Record<string, unknown>>
  >()
  expectTypeOf(retell).returns.toHaveProperty('parse')
})
