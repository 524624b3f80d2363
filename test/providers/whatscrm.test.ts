import { type WhatscrmEvents, type WhatscrmMessage, whatscrm } from 'crm-webhooks/providers/whatscrm'
import { expect, expectTypeOf, it } from 'vitest'
import type { EventOf } from '../../src/model/event.ts'
import { parseOne, request } from './support.ts'

const secret = 'your-webhook-secret'
const provider = whatscrm({ secret })
const BODY =
  '{"event":"message.new","timestamp":"2024-01-01T12:00:00.000Z","data":{"messageId":"msg_123","conversationId":"conv_456","contactId":"contact_789","direction":"inbound","type":"text","content":"Hello!","timestamp":"2024-01-01T12:00:00.000Z"}}'
const SIGNATURE = 'sha256=ea9e8d23eae8a7f5fa8d0b5ee2c8fc056c1ffe4352638419c37b01c176e61129'
const PYTHON_SIGNATURE = 'sha256=688b78ec348f2db5e2625682de329e25d3b1e5d127c93fd917a968c78f65b7cb'

it("verifies the guide's example, over the bytes and not over the values", () => {
  const verify = (body: string, signature: string) =>
    provider.verify(request(body, { 'x-webhook-signature': signature }))
  expect(verify(BODY, SIGNATURE)).toMatchObject({ ok: true })
  expect(verify(BODY, SIGNATURE.slice('sha256='.length))).toMatchObject({ ok: false })
  expect(verify(BODY, PYTHON_SIGNATURE)).toMatchObject({ ok: false, code: 'signature_mismatch' })
  const spaced = BODY.replace(/([:,])"/g, '$1 "')
  expect(verify(spaced, SIGNATURE)).toMatchObject({ ok: false, code: 'signature_mismatch' })
  expect(provider.verify(request(BODY))).toMatchObject({ ok: false, code: 'missing_header' })
})

it('recognises the next try, which is dated anew', () => {
  const first = parseOne(provider, request(BODY))
  const again = parseOne(provider, request(BODY.replace('12:00:00.000Z","data"', '12:00:02.000Z","data"')))
  const other = parseOne(provider, request(BODY.replace('msg_123', 'msg_124')))
  expect(again.raw).not.toEqual(first.raw)
  expect(again.id).toBe(first.id)
  expect(other.id).not.toBe(first.id)
  expect(parseOne(provider, request(BODY.replace('message.new', 'message.sent'))).id).not.toBe(first.id)
  expect(first).toMatchObject({ idSource: 'digest', type: 'message.new', recordId: 'msg_123', known: true })
  expect(first.time?.toISOString()).toBe('2024-01-01T12:00:00.000Z')
})

it('takes test deliveries, whose data is anything', () => {
  const data = {
    event: 'flow.started',
    message: 'This is a test webhook payload',
    timestamp: '2024-01-01T12:00:00.000Z',
  }
  expect(parseOne(provider, request({ event: 'flow.started', timestamp: 'x', data }))).toMatchObject({
    data,
    known: true,
  })
})

it('hands on types that are new, and refuses data that cannot be', () => {
  expect(parseOne(provider, request({ event: 'invoice.paid', data: {} }))).toMatchObject({ known: false })
  expect(provider.parse(request({ event: 'message.new' }))).toMatchObject({ ok: false, code: 'invalid_data' })
  expect(provider.parse(request({ event: 'message.new', data: { messageId: 1 } }))).toMatchObject({ ok: false })
  expect(provider.parse(request({ data: {} }))).toMatchObject({ ok: false, code: 'invalid_data' })
  expect(provider.parse(request('nonsense'))).toMatchObject({ ok: false, code: 'malformed_body' })
})

it('knows all 22 types', () => {
  expect(provider.eventTypes).toHaveLength(22)
  expect(() => whatscrm({ secret: '' })).toThrow(/secret/)
})

it('has typed events', () => {
  type Event = EventOf<WhatscrmEvents>
  expectTypeOf<Extract<Event, { type: 'message.new' }>['data']>().toEqualTypeOf<WhatscrmMessage>()
  expectTypeOf<Extract<Event, { type: 'campaign.completed' }>['data']['sentCount']>().toEqualTypeOf<
    number | null | undefined
  >()
})
