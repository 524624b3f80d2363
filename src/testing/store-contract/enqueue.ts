import { newId } from '../../ids.ts'
import { type Cases, claim, idsOf, newEvent } from './support.ts'

export function enqueueCases({ describe, test, expect, now }: Cases): void {
  describe('enqueue', () => {
    test('keeps an event with its deliveries, as they are', async store => {
      const one = newEvent(
        [
          { lane: 'a', dueAtMs: now() + 5_000 },
          { lane: 'b', isTest: true, ordered: true },
        ],
        {
          tenant: 't1',
          subject: 'case-1',
          data: '{"name":"Žofie – 😀","n":12345678901234567890}',
          metadata: { source: 'crm' },
          timestampMs: 1_700_000_000_123,
        },
      )
      expect(await store.deliveries.enqueue([one])).toEqual([{ stored: true }])
      const [first = '', second = ''] = idsOf(one)
      const found = await store.deliveries.get(first)
      expect(found?.event).toEqual(one.event)
      expect({ ...found?.delivery, createdAtMs: 0 }).toEqual({
        id: first,
        direction: 'outbound',
        eventId: one.event.id,
        eventType: 'deal.updated',
        tenant: 't1',
        subject: 'case-1',
        endpointId: 'a',
        lane: 'a',
        status: 'pending',
        dueAtMs: one.deliveries[0]?.dueAtMs,
        attempts: 0,
        triesUsed: 0,
        crashes: 0,
        body: undefined,
        lastError: undefined,
        cause: undefined,
        externalId: undefined,
        isTest: false,
        createdAtMs: 0,
        finishedAtMs: undefined,
      })
      expect((await store.deliveries.get(second))?.delivery.isTest).toBe(true)
    })

    test('keeps an event that nobody wants', async store => {
      expect(await store.deliveries.enqueue([newEvent([], { idempotencyKey: 'k' })])).toEqual([{ stored: true }])
      expect((await store.deliveries.list({})).items).toEqual([])
      expect(await claim(store, now())).toEqual([])
    })

    test('keeps nothing of a call that fails', async store => {
      const good = newEvent()
      const bad = newEvent([{ lane: 'a' }, { lane: 'b' }], { idempotencyKey: 'k' })
      const broken = new Proxy(bad, {
        get(target, name) {
          if (name === 'deliveries') throw new Error('made to fail')
          return Reflect.get(target, name) as unknown
        },
      })
      const outcome = await Promise.resolve()
        .then(() => store.deliveries.enqueue([good, broken]))
        .then(
          () => 'stored',
          () => 'rejected',
        )
      expect(outcome).toBe('rejected')
      expect((await store.deliveries.list({})).items).toEqual([])
      expect(await claim(store, now())).toEqual([])
      expect(await store.deliveries.enqueue([bad])).toEqual([{ stored: true }])
    })

    test('stores an event once for an idempotency key, for each tenant', async store => {
      const key = { idempotencyKey: 'order-1' }
      const first = newEvent([{}], { ...key, tenant: 't1' })
      const results = await store.deliveries.enqueue([
        first,
        newEvent([{}], { ...key, tenant: 't1' }),
        newEvent([{}], { ...key, tenant: 't2' }),
        newEvent([{}], key),
        newEvent([{}], { idempotencyKey: 'order-2', tenant: 't1' }),
        newEvent([{}], { tenant: 't1' }),
      ])
      const refused = { stored: false, existingEventId: first.event.id }
      const stored = { stored: true }
      expect(results).toEqual([stored, refused, stored, stored, stored, stored])
      expect(await store.deliveries.enqueue([newEvent([{}], { ...key, tenant: 't1' })])).toEqual([refused])
      expect((await store.deliveries.list({})).items.length).toBe(5)
    })

    test('stores an event once for its id', async store => {
      const first = newEvent([{ lane: 'a' }])
      const second = newEvent([{ lane: 'b' }], { id: first.event.id, data: '{}' })
      const results = await store.deliveries.enqueue([first, second])
      expect(results).toEqual([{ stored: true }, { stored: false, existingEventId: first.event.id }])
      expect((await store.deliveries.get(idsOf(first)[0] ?? ''))?.event.data).toBe(first.event.data)
      expect((await claim(store, now())).length).toBe(1)
    })

    test('lets one of many concurrent calls with the same key through', async store => {
      const calls = Array.from({ length: 20 }, () => newEvent([{}], { idempotencyKey: 'k', tenant: 't' }))
      const results = await Promise.all(calls.map(async call => (await store.deliveries.enqueue([call]))[0]))
      const stored = calls.filter((_, i) => results[i]?.stored === true)
      expect(stored.length).toBe(1)
      const others = results.filter(result => result?.stored === false)
      expect(others).toEqual(others.map(() => ({ stored: false, existingEventId: stored[0]?.event.id })))
      expect((await store.deliveries.list({})).items.length).toBe(1)
    })

    test('stores a delivery that is claimed already', async store => {
      const nowMs = now()
      const token = newId('lse')
      const one = newEvent([{ lane: 'a', claim: { token, leaseUntilMs: nowMs + 1_000 } }, { lane: 'b' }])
      await store.deliveries.enqueue([one])
      const others = await claim(store, nowMs)
      expect(others.map(({ delivery }) => delivery.id)).toEqual([idsOf(one)[1]])
      const settled = { deliveryId: idsOf(one)[0] ?? '', token, next: { status: 'succeeded', atMs: nowMs } } as const
      expect(await store.deliveries.settle([settled])).toEqual([true])
    })
  })
}
