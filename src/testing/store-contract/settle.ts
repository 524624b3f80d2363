import type { ClaimedDelivery, Store } from '../../storage/store.ts'
import { attempt, type Cases, claim, newEvent, settlement } from './support.ts'

/** Stores one event for one endpoint and claims it. */
async function claimOne(store: Store, nowMs: number): Promise<ClaimedDelivery> {
  await store.deliveries.enqueue([newEvent()])
  return claimAgain(store, nowMs)
}

async function claimAgain(store: Store, nowMs: number): Promise<ClaimedDelivery> {
  const [claimed] = await claim(store, nowMs)
  if (claimed === undefined) throw new Error('nothing was claimed')
  return claimed
}

export function settleCases({ describe, test, expect, now }: Cases): void {
  describe('settle', () => {
    test('writes the attempt and the new state together', async store => {
      const nowMs = now()
      const claimed = await claimOne(store, nowMs)
      const { id } = claimed.delivery
      const made = attempt({ deliveryId: id })
      const settled = settlement(claimed, {
        attempt: made,
        next: { status: 'succeeded', atMs: nowMs + 7 },
        externalId: 'CASE-7',
      })
      expect(await store.deliveries.settle([settled])).toEqual([true])
      const delivery = (await store.deliveries.get(id))?.delivery
      expect([delivery?.status, delivery?.attempts, delivery?.externalId]).toEqual(['succeeded', 1, 'CASE-7'])
      expect(delivery?.finishedAtMs).toBe(nowMs + 7)
      expect((await store.attempts.list({ deliveryId: id })).items).toEqual([made])
      expect(await claim(store, nowMs + 100_000)).toEqual([])
    })

    test('reschedules, counts the tries and keeps the first body and the last error', async store => {
      const nowMs = now()
      const first = await claimOne(store, nowMs)
      const { id } = first.delivery
      const body = { bytes: new Uint8Array([0, 255, 123, 10]), contentType: 'application/json' }
      const other = { bytes: new Uint8Array([1]), contentType: 'text/plain' }
      await store.deliveries.settle([
        settlement(first, {
          attempt: attempt({ deliveryId: id }),
          next: { status: 'pending', dueAtMs: nowMs + 500, triesUsed: 1, body },
          lastError: 'HTTP 500',
        }),
      ])
      expect(await claim(store, nowMs + 499)).toEqual([])
      const second = await claimAgain(store, nowMs + 500)
      expect({ ...second.delivery.body }).toEqual(body)
      expect([second.delivery.attempts, second.delivery.triesUsed, second.delivery.lastError]).toEqual([
        1,
        1,
        'HTTP 500',
      ])
      await store.deliveries.settle([
        settlement(second, {
          attempt: attempt({ deliveryId: id, number: 2 }),
          next: { status: 'failed', atMs: nowMs + 501, body: other },
          lastError: 'HTTP 404',
        }),
      ])
      const ended = (await store.deliveries.get(id))?.delivery
      expect(ended?.body).toEqual(body)
      expect([ended?.status, ended?.attempts, ended?.lastError]).toEqual(['failed', 2, 'HTTP 404'])
    })

    test('forgets the last error with success', async store => {
      const nowMs = now()
      const first = await claimOne(store, nowMs)
      const next = { status: 'pending', dueAtMs: nowMs, triesUsed: 1 } as const
      await store.deliveries.settle([settlement(first, { next, lastError: 'HTTP 500' })])
      await store.deliveries.settle([settlement(await claimAgain(store, nowMs))])
      expect((await store.deliveries.get(first.delivery.id))?.delivery.lastError).toBe(undefined)
    })

    test('changes nothing with an old or unknown token, but keeps the attempt', async store => {
      const nowMs = now()
      const first = await claimOne(store, nowMs)
      const { id } = first.delivery
      await store.deliveries.settle([settlement(first, { next: { status: 'returned', dueAtMs: nowMs } })])
      const second = await claimAgain(store, nowMs)
      const stale = attempt({ deliveryId: id })
      const results = await store.deliveries.settle([
        settlement(first, { attempt: stale, externalId: 'X' }),
        settlement({ ...first, token: 'unknown' }),
        { deliveryId: 'evt_none_0', token: first.token, next: { status: 'succeeded', atMs: 1 } },
        { deliveryId: 'nonsense', token: first.token, next: { status: 'succeeded', atMs: 1 } },
      ])
      expect(results).toEqual([false, false, false, false])
      const delivery = (await store.deliveries.get(id))?.delivery
      expect([delivery?.status, delivery?.attempts, delivery?.externalId]).toEqual(['pending', 0, undefined])
      expect((await store.attempts.list({ deliveryId: id })).items).toEqual([stale])
      expect(await store.deliveries.settle([settlement(second)])).toEqual([true])
    })

    test('is harmless twice', async store => {
      const nowMs = now()
      const claimed = await claimOne(store, nowMs)
      const settled = settlement(claimed, { attempt: attempt({ deliveryId: claimed.delivery.id }) })
      expect(await store.deliveries.settle([settled])).toEqual([true])
      expect(await store.deliveries.settle([settled])).toEqual([false])
      expect((await store.attempts.list({})).items.length).toBe(1)
      expect((await store.deliveries.get(claimed.delivery.id))?.delivery.attempts).toBe(1)
    })

    test('gives back without a trace', async store => {
      const nowMs = now()
      const before = await claimOne(store, nowMs)
      await store.deliveries.settle([settlement(before, { next: { status: 'returned', dueAtMs: nowMs + 3 } })])
      expect(await claim(store, nowMs + 2)).toEqual([])
      const after = await claimAgain(store, nowMs + 3)
      expect({ ...after.delivery, dueAtMs: 0 }).toEqual({ ...before.delivery, dueAtMs: 0 })
    })

    test('answers in the order of a long list', async store => {
      const nowMs = now()
      await store.deliveries.enqueue([newEvent(Array.from({ length: 300 }, (_, i) => ({ lane: `l${i}` })))])
      const claimed = await claim(store, nowMs)
      const settled = claimed.map((one, i) => settlement(i % 3 === 0 ? { ...one, token: 'wrong' } : one))
      const results = await store.deliveries.settle(settled)
      expect(results).toEqual(claimed.map((_, i) => i % 3 !== 0))
      expect(await store.deliveries.settle([])).toEqual([])
    })
  })
}
