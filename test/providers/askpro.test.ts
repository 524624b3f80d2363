import { askproCallbacks } from 'crm-webhooks/providers/askpro-callbacks'
import { type AskproServiceCase, askproGateway } from 'crm-webhooks/providers/askpro-gateway'
import { describe, expect, expectTypeOf, it } from 'vitest'
import { parseOne, request } from './support.ts'

describe('callbacks', () => {
  const provider = askproCallbacks({ secret: 'whsec_test' })
  const body = {
    event: 'callback.created',
    idempotency_key: 'callback_17_callback_created_1736000000',
    timestamp: '2025-01-04T10:00:00+00:00',
    data: { id: 17 },
  }

  it('are identified by the signed key, not by the header', () => {
    const headers = { 'x-webhook-idempotency-key': 'other', 'x-webhook-delivery-attempt': '3' }
    const event = parseOne(provider, request(body, headers))
    expect(event).toMatchObject({
      id: body.idempotency_key,
      idSource: 'sender',
      attempt: 3,
      recordId: '17',
      data: { id: 17 },
    })
    expect(event.time?.toISOString()).toBe('2025-01-04T10:00:00.000Z')
    const { idempotency_key: _, ...without } = body
    expect(parseOne(provider, request(without, headers)).id).toBe('other')
  })

  it('know eight events and the test', () => {
    expect(provider.eventTypes).toHaveLength(9)
    expect(parseOne(provider, request({ ...body, event: 'callback.snoozed' }))).toMatchObject({ known: false })
    expect(() => askproCallbacks({ secret: '' })).toThrow(/secret/)
  })
})

describe('gateway', () => {
  const provider = askproGateway({ secret: 'whsec_test' })
  const BODY = '{"ticket":{"reference":"TKT-2025-00001"}}'
  const DIGEST = 'a4a739ecad31400a31979b858da46b56d1c63a9c57168bd6a53b6cd3dc1d6bc9'

  it('signs the raw body', () => {
    expect(provider.verify(request(BODY, { 'X-Signature': DIGEST }))).toMatchObject({ ok: true })
    expect(provider.verify(request(`${BODY}\n`, { 'X-Signature': DIGEST }))).toMatchObject({ ok: false })
    expect(provider.verify(request(BODY))).toMatchObject({ ok: false, code: 'missing_header' })
  })

  it('names a case by the signed reference', () => {
    const headers = { 'x-ticket-reference': 'TKT-0', 'x-event': 'service_case.created' }
    const event = parseOne(provider, request(BODY, headers))
    expect(event).toMatchObject({
      id: 'service_case.created:TKT-2025-00001',
      idSource: 'composite',
      recordId: 'TKT-2025-00001',
    })
    expect(parseOne(provider, request(BODY)).type).toBe('service_case.created')
    expectTypeOf(event.data).toEqualTypeOf<AskproServiceCase>()
  })

  it('tells one update of a case from the next, should there be such events', () => {
    const update = (priority: string) =>
      parseOne(provider, request({ ticket: { reference: 'TKT-1', priority } }, { 'x-event': 'service_case.updated' }))
    expect(update('high')).toMatchObject({ known: false, idSource: 'digest', recordId: 'TKT-1' })
    expect(update('high').id).not.toBe(update('low').id)
  })

  it('may send any shape when told so', () => {
    const custom = { fields: { summary: 'x' } }
    expect(provider.parse(request(custom))).toMatchObject({ ok: false, code: 'invalid_data' })
    const own = askproGateway({ secret: 'whsec_test', customBody: true })
    const event = parseOne(own, request(custom, { 'x-ticket-reference': 'TKT-9' }))
    expect(event).toMatchObject({ id: 'service_case.created:TKT-9', data: custom })
    expectTypeOf(event.data).toEqualTypeOf<unknown>()
  })
})
