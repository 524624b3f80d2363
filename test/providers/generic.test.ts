import { type GenericOptions, generic } from 'crm-webhooks/providers/generic'
import { describe, expect, expectTypeOf, it } from 'vitest'
import { unverified } from '../../src/credentials/unverified.ts'
import { parseOne, request } from './support.ts'

const verifier = unverified()

describe('sources', () => {
  const body = { event: 'ORDER_NEW', at: 1_767_346_200, try: 0, data: { id: 7, items: [{ sku: 'a' }] } }

  it('are paths, headers and fixed texts', () => {
    const provider = generic<{ 'order.created': { id: number } }>({
      name: 'shop',
      verifier,
      type: 'event',
      types: { ORDER_NEW: 'order.created' },
      id: { header: 'X-Delivery' },
      data: 'data',
      time: 'at',
      attempt: 'try',
      firstAttempt: 0,
      recordId: 'data.items.0.sku',
    })
    const event = parseOne(provider, request(body, { 'x-delivery': 'd1' }))
    expect(event).toMatchObject({
      provider: 'shop',
      id: 'd1',
      idSource: 'sender',
      type: 'order.created',
      nativeType: 'ORDER_NEW',
      known: true,
      attempt: 1,
      recordId: 'a',
      data: body.data,
      raw: body,
    })
    expect(event.time?.toISOString()).toBe('2026-01-02T09:30:00.000Z')
    expectTypeOf(event.data).toEqualTypeOf<{ id: number }>()
    expect(parseOne(provider, request({ ...body, event: 'X' }))).toMatchObject({ known: false, idSource: 'digest' })
  })

  it('have defaults: any type, the digest, the whole body', () => {
    const provider = generic({ verifier, type: 'event' })
    const event = parseOne(provider, request({ event: 'orders/Created' }))
    expect(event).toMatchObject({
      type: 'orders.created',
      known: true,
      idSource: 'digest',
      data: { event: 'orders/Created' },
    })
    expect(provider.parse(request({ type: 'x' }))).toMatchObject({ ok: false, code: 'invalid_data' })
    expect(parseOne(generic({ verifier, type: { fixed: 'lead.created' } }), request({})).type).toBe('lead.created')
    expect(parseOne(generic({ verifier, type: { header: 'x-event' } }), request({}, { 'X-Event': 'a.b' })).type).toBe(
      'a.b',
    )
  })

  it('can be joined into an id, which falls back to the digest', () => {
    const provider = generic({ verifier, type: 'event', id: ['event', 'data.id'] })
    expect(parseOne(provider, request(body))).toMatchObject({ id: 'ORDER_NEW:7', idSource: 'composite' })
    expect(parseOne(provider, request({ event: 'x' })).idSource).toBe('digest')
  })

  it('read forms too', () => {
    const provider = generic({ verifier, type: 'kind', recordId: 'id', format: 'form' })
    expect(parseOne(provider, request('kind=lead.created&id=7&tag=a&tag=b'))).toMatchObject({
      type: 'lead.created',
      recordId: '7',
      data: { tag: ['a', 'b'] },
    })
  })

  it('do not reach into prototypes', () => {
    const provider = generic({ verifier, type: 'constructor.name' })
    expect(provider.parse(request({}))).toMatchObject({ ok: false, code: 'invalid_data' })
  })
})

describe('mistakes', () => {
  const wrong: [string, object, RegExp][] = [
    ['no verifier', { verifier: undefined }, /verifier is missing.*unverified\(\)/s],
    ['no type', { type: undefined }, /type must be a path/],
    ['a JSONPath', { type: '$.event' }, /'data\.id', not '\$\.data\.id'/],
    ['a template', { id: '{{data.id}}' }, /id is a template/],
    ['a pointer', { data: '/data' }, /data is a JSON pointer/],
    ['brackets', { recordId: 'items[0].id' }, /items\.0\.id/],
    ['an empty path', { time: '' }, /time is empty/],
    ['a gap', { time: 'a..b' }, /empty part/],
    ['an odd header', { attempt: { header: 'x event' } }, /attempt names no valid header/],
    ['an empty text', { type: { fixed: '' } }, /empty fixed text/],
    ['an empty id list', { id: [] }, /id is an empty list/],
    ['a type in capitals', { types: { A: 'Order.Created' } }, /types\['A'\].*lower case/],
    ['no types', { types: {} }, /types is empty/],
    ['an unknown format', { format: 'xml' }, /format must be/],
    ['no time at all', { timeoutSeconds: Number.NaN }, /timeoutSeconds/],
    ['an invalid name', { name: 'My Shop' }, /name must be/],
  ]
  it.each(wrong)('%s is said at once', (_title, options, message) => {
    expect(() => generic({ verifier, type: 'event', ...options } as GenericOptions)).toThrow(message)
  })
})

describe('a path that is no text', () => {
  it.each([5, null, {}])('is refused by name: %j', data => {
    expect(() => generic({ verifier: unverified(), type: 'event', data: data as never })).toThrow(
      expect.objectContaining({ code: 'invalid_option', argument: 'data' }),
    )
  })
})
