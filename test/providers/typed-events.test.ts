import { createReceiver, type RecordChange } from 'crm-webhooks'
import { type DaktelaRecord, daktela } from 'crm-webhooks/providers/daktela'
import {
  customFieldValue,
  type Deal,
  type Lead,
  type Person,
  pipedrive,
  type User,
} from 'crm-webhooks/providers/pipedrive'
import { describe, expectTypeOf, it } from 'vitest'

describe('events are typed by their pattern', () => {
  it('pipedrive', () => {
    const receiver = createReceiver({ provider: pipedrive({ unverified: true }) })
    receiver.on('deal.updated', ({ data, type }) => {
      expectTypeOf(type).toEqualTypeOf<'deal.updated'>()
      expectTypeOf(data).toExtend<RecordChange<Deal>>()
      expectTypeOf(data.current).toEqualTypeOf<Deal | null>()
      expectTypeOf(data.current?.stage_id).toEqualTypeOf<number | null | undefined>()
      expectTypeOf(data.previous?.title).toEqualTypeOf<string | null | undefined>()
      expectTypeOf(data.userId).toEqualTypeOf<string | undefined>()
    })
    receiver.on('person.merged', ({ data }) => {
      expectTypeOf(data.current).toEqualTypeOf<Person | null>()
    })
    receiver.on('lead.created', ({ data }) => {
      expectTypeOf(data.current).toEqualTypeOf<Lead | null>()
    })
    receiver.on('user.*', ({ data }) => {
      expectTypeOf(data.current).toEqualTypeOf<User | null>()
    })
    expectTypeOf<Lead['id']>().toEqualTypeOf<string>()
    expectTypeOf<Deal['id']>().toEqualTypeOf<number>()
    expectTypeOf<Deal>().not.toHaveProperty('stag_id')
  })

  it('custom fields', () => {
    expectTypeOf(customFieldValue({ type: 'set', values: [{ id: 1 }] })).toEqualTypeOf<readonly number[]>()
    expectTypeOf(customFieldValue({ type: 'varchar', value: 'web' })).toEqualTypeOf<string>()
    expectTypeOf(customFieldValue(null)).toEqualTypeOf<null>()
  })

  it('daktela', () => {
    const receiver = createReceiver({
      provider: daktela({ secret: 'x-secret', types: { ticket_close: 'ticket.closed' } }),
    })
    receiver.on('call.closed', ({ data }) => {
      expectTypeOf(data).toEqualTypeOf<DaktelaRecord>()
    })
    receiver.on('ticket.closed', ({ data }) => {
      expectTypeOf(data).toEqualTypeOf<DaktelaRecord>()
    })
  })
})

describe('what a handler returns', () => {
  const receiver = createReceiver({ provider: daktela({ secret: 'x-secret' }) })

  it('is checked by the compiler', () => {
    receiver.on('call.closed', async ({ data }) => (data.entityId === '' ? 'skipped' : 'created'))
    receiver.on('call.closed', async () => 'created')
    // @ts-expect-error is none of the words
    receiver.on('call.closed', async () => 'creatd')
    // @ts-expect-error is none of the words
    receiver.on('call.closed', () => 'creatd')
    // @ts-expect-error is no record
    receiver.on('call.closed', async () => 5)
  })

  it('may be any string for TypeScript 5, which makes one of the word that an asynchronous handler returns', () => {
    const handler: () => Promise<string> = async () => 'created'
    receiver.on('call.closed', handler)
  })
})
