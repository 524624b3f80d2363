import { type ReceivedEvent, WebhookError, type WebhookRequest } from 'crm-webhooks'
import { type DaktelaRecord, daktela } from 'crm-webhooks/providers/daktela'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { utf8 } from '../../src/bytes/encoding.ts'
import { sha256Hex } from '../../src/bytes/hash.ts'

const SECRET = 'daktela-secret-0123456789'
const provider = daktela({ secret: SECRET })
type Parsed = ReceivedEvent<string, DaktelaRecord>

const request = (body: unknown, contentType?: string): WebhookRequest => ({
  method: 'POST',
  url: '/webhook/daktela',
  headers: contentType === undefined ? {} : { 'content-type': contentType },
  body: utf8(typeof body === 'string' ? body : JSON.stringify(body)),
})

const parse = (body: unknown, contentType = 'application/json'): Parsed => {
  const parsed = provider.parse(request(body, contentType))
  if (!parsed.ok) throw new Error(`${parsed.code}: ${parsed.message}`)
  return parsed.events[0] as unknown as Parsed
}

const code = (body: unknown, contentType = 'application/json'): string => {
  const parsed = provider.parse(request(body, contentType))
  return parsed.ok ? 'ok' : parsed.code
}

const ACTIVITIES = [
  ['call', 'call'],
  ['email', 'email'],
  ['web', 'chat'],
  ['sms', 'sms'],
  ['fbm', 'messenger'],
  ['wap', 'whatsapp'],
  ['vbr', 'viber'],
  ['igdm', 'instagram'],
] as const

describe('event names', () => {
  it.each(ACTIVITIES)('%s is an activity: %s', (prefix, entity) => {
    for (const [verb, action] of [
      ['create', 'created'],
      ['close', 'closed'],
    ] as const) {
      const event = parse({ event: `${prefix}_${verb}`, name: 'activities_1' })
      expect(event).toMatchObject({
        type: `${entity}.${action}`,
        nativeType: `${prefix}_${verb}`,
        known: true,
        entity,
        action,
      })
      expect(event.data).toMatchObject({ entityType: 'activity', activityType: prefix, entityId: 'activities_1' })
      expect(provider.eventTypes).toContain(event.type)
    }
  })

  it.each(['contact', 'account'])('%s is an entity of its own', entityType => {
    for (const [verb, action] of [
      ['create', 'created'],
      ['update', 'updated'],
      ['delete', 'deleted'],
    ] as const) {
      const event = parse({ event: `${entityType}_${verb}`, name: 'x' })
      expect(event).toMatchObject({
        type: `${entityType}.${action}`,
        known: true,
        data: { entityType, activityType: null },
      })
    }
  })

  it('knows the answer of a call, and of nothing else', () => {
    expect(parse({ event: 'call_answer', name: '1' })).toMatchObject({ type: 'call.answered', known: true })
    expect(parse({ event: 'email_answer', name: '1' })).toMatchObject({ type: 'email.answered', known: false })
  })

  it.each([
    ['sometypo_close', 'sometypo.closed', 'sometypo'],
    ['call', 'call', 'activity'],
    ['Call_close', 'call.closed', 'Call'],
    ['_close', 'unknown.closed', ''],
    ['a b.c_d.e', 'a_b_c.d_e', 'a b.c'],
    ['constructor_create', 'constructor.created', 'constructor'],
    ['__proto__', 'unknown._proto__', ''],
  ])('%s is not documented', (event, type, entityType) => {
    expect(parse({ event, name: '1' })).toMatchObject({ type, known: false, nativeType: event, data: { entityType } })
  })

  it('takes names of your own', () => {
    const own = daktela({ secret: SECRET, types: { ticket_close: 'ticket.closed' } })
    const parsed = own.parse(request({ event: 'ticket_close', name: 88213 }))
    expect(parsed).toMatchObject({ ok: true, events: [{ type: 'ticket.closed', known: true, recordId: '88213' }] })
    expect(own.eventTypes).toContain('ticket.closed')
    expect(own.nativeTypes).toMatchObject({ ticket_close: 'ticket.closed', call_close: 'call.closed' })
  })
})

describe('the record', () => {
  it.each([
    [{ name: 'a', id: 'b' }, 'a'],
    [{ id: 'b' }, 'b'],
    [{ name: null, id: 12 }, '12'],
    [{ name: '', id: 'b' }, 'b'],
    [{ name: 0 }, '0'],
    [{ name: 88213 }, '88213'],
  ])('%j is named %s', (names, id) => {
    expect(parse({ event: 'call_close', ...names })).toMatchObject({ recordId: id, data: { entityId: id } })
  })

  it('may have no name', () => {
    expect(parse({ event: 'call_close' })).toMatchObject({ recordId: undefined, data: { entityId: '' } })
    expect(parse({ event: 'call_close', name: '', id: null })).toMatchObject({ recordId: undefined })
  })

  it("carries the template's data and the whole body", () => {
    const body = { event: 'call_close', name: '1', data: { title: 'Žluťoučký', direction: 'in' }, extra: 1 }
    const event = parse(body)
    expect(event.data.fields).toEqual(body.data)
    expect(event.raw).toEqual(body)
    expect(parse({ event: 'call_close', data: 'text' }).data.fields).toEqual({})
  })

  it('has the digest of the body as id', () => {
    const body = '{"event":"call_close","name":"1"}'
    expect(parse(body)).toMatchObject({
      id: sha256Hex(utf8(body)),
      idSource: 'digest',
      attempt: undefined,
      time: undefined,
    })
  })
})

describe('content types', () => {
  const json = '{"event":"call_close","name":"1"}'
  const form = 'event=call_close&name=1&data%5Btitle%5D=%C4%8Cau&data%5Bdirection%5D=in'

  it.each([
    ['application/json', json],
    ['application/json; charset=utf-8', json],
    ['APPLICATION/JSON', json],
    ['application/vnd.api+json', json],
    ['text/plain', json],
    ['', json],
    ['application/x-www-form-urlencoded', form],
    ['application/x-www-form-urlencoded; charset=UTF-8', form],
    ['text/plain', form],
    ['', form],
  ])('%s: %s', (contentType, body) => {
    expect(parse(body, contentType)).toMatchObject({ type: 'call.closed', recordId: '1' })
  })

  it('needs no content type', () => {
    expect(provider.parse(request(json)).ok).toBe(true)
    expect(provider.parse(request(form)).ok).toBe(true)
  })

  it('reads the data of a form, as fields or as JSON', () => {
    expect(parse(form, 'application/x-www-form-urlencoded').data.fields).toEqual({ title: 'Čau', direction: 'in' })
    const text = `event=call_close&data=${encodeURIComponent('{"title":"Čau"}')}`
    expect(parse(text, 'application/x-www-form-urlencoded').data.fields).toEqual({ title: 'Čau' })
  })

  it('does not read one as the other', () => {
    expect(code(form, 'application/json')).toBe('malformed_body')
    expect(code(json, 'application/x-www-form-urlencoded')).toBe('invalid_data')
  })

  it.each([
    ['', 'malformed_body'],
    ['{', 'malformed_body'],
    ['nonsense', 'malformed_body'],
    ['"text"', 'invalid_data'],
    ['[]', 'invalid_data'],
    ['{}', 'invalid_data'],
    ['{"event":""}', 'invalid_data'],
    ['{"event":7}', 'invalid_data'],
    ['{"event":"call_close","name":{}}', 'invalid_data'],
    ['{"event":"call_close","data":{"__proto__":{}}}', 'malformed_body'],
  ])('%s is %s', (body, refusal) => {
    expect(code(body)).toBe(refusal)
  })

  it('never throws', () => {
    const type = fc.constantFrom('application/json', 'application/x-www-form-urlencoded', 'text/plain')
    fc.assert(
      fc.property(fc.oneof(fc.json(), fc.string(), fc.webQueryParameters()), type, (body, contentType) => {
        expect(['ok', 'malformed_body', 'invalid_data']).toContain(code(body, contentType))
      }),
    )
  })
})

describe('the secret', () => {
  const send = (headers: Readonly<Record<string, string>>): WebhookRequest => ({ ...request({}), headers })

  it('is compared with the header', async () => {
    expect(await provider.verify(send({ 'X-Webhook-Secret': SECRET }))).toMatchObject({ ok: true })
    expect(await provider.verify(send({ 'x-webhook-secret': `${SECRET}x` }))).toMatchObject({ ok: false })
    expect(await provider.verify(send({}))).toMatchObject({ ok: false, code: 'missing_credential' })
    const renamed = daktela({ secret: ['old-secret', 'new-secret'], header: 'x-daktela-secret' })
    expect(await renamed.verify(send({ 'x-daktela-secret': 'new-secret' }))).toMatchObject({ ok: true })
  })

  it.each(['', ['$', '{WEBHOOK_SECRET}'].join(''), ' secret', undefined])('is refused when it is %j', secret => {
    expect(() => daktela({ secret: secret as string })).toThrow(WebhookError)
  })
})
