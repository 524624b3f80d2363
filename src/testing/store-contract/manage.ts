import type { DeliveryStatus } from '../../model/delivery.ts'
import type { ClaimedDelivery, Store } from '../../storage/store.ts'
import { allPages, attempt, type Cases, claim, idsOf, newEvent, settlement } from './support.ts'

export function manageCases({ describe, test, expect, now }: Cases): void {
  const statusOf = async (store: Store, id: string): Promise<DeliveryStatus | undefined> =>
    (await store.deliveries.get(id))?.delivery.status
  /** Three deliveries: succeeded, failed, cancelled; and one that waits. */
  const finished = async (store: Store, nowMs: number): Promise<readonly string[]> => {
    const event = newEvent([{ lane: 'a' }, { lane: 'b' }, { lane: 'c' }, { lane: 'd', dueAtMs: nowMs + 60_000 }], {
      tenant: 't1',
    })
    await store.deliveries.enqueue([event])
    const claimed = await claim(store, nowMs)
    const end = (one: ClaimedDelivery): object =>
      one.delivery.lane === 'b' ? { next: { status: 'failed', atMs: nowMs }, lastError: 'no' } : {}
    const toSettle = claimed.filter(({ delivery }) => delivery.lane !== 'c')
    await store.deliveries.settle(toSettle.map(one => settlement(one, { attempt: attempt(), ...end(one) })))
    await store.deliveries.cancel(idsOf(event)[2] ?? '', nowMs)
    return idsOf(event)
  }

  describe('retry', () => {
    test('takes failed and cancelled ones by filter, succeeded ones only by their status', async store => {
      const nowMs = now()
      const [first = '', , , fourth = ''] = await finished(store, nowMs)
      expect(await store.deliveries.retry({ tenant: 't2' }, nowMs)).toBe(0)
      expect(await store.deliveries.retry({ tenant: 't1', limit: 1 }, nowMs + 5)).toBe(2)
      expect(await statusOf(store, first)).toBe('succeeded')
      expect(await claim(store, nowMs + 4)).toEqual([])
      const again = await claim(store, nowMs + 5)
      expect(again.map(({ delivery }) => delivery.lane).sort()).toEqual(['b', 'c'])
      expect(await store.deliveries.retry({ status: 'succeeded' }, nowMs)).toBe(1)
      expect((await store.deliveries.get(first))?.delivery.finishedAtMs).toBe(undefined)
      expect((await store.deliveries.get(fourth))?.delivery.dueAtMs).toBe(nowMs + 60_000)
    })

    test('takes what is named by id, once, and no other tenant’s', async store => {
      const nowMs = now()
      const [first = '', second = '', third = '', fourth = ''] = await finished(store, nowMs)
      expect(await store.deliveries.retry({ ids: [first, second], tenant: 't2' }, nowMs)).toBe(0)
      expect(await store.deliveries.retry({ ids: [] }, nowMs)).toBe(0)
      const ids = [first, first, second, fourth, 'evt_none_0', 'x']
      expect(await store.deliveries.retry({ ids }, nowMs)).toBe(2)
      expect(await statusOf(store, third)).toBe('cancelled')
      expect((await claim(store, nowMs)).length).toBe(2)
    })

    test('gives all tries and no crashes, and keeps the rest', async store => {
      const nowMs = now()
      await store.deliveries.enqueue([newEvent()])
      await claim(store, nowMs, { leaseUntilMs: nowMs + 1 })
      const [first] = await claim(store, nowMs + 1)
      if (first === undefined) throw new Error('nothing was claimed')
      const body = { bytes: new Uint8Array([1, 2]), contentType: 'text/plain' }
      const pending = { status: 'pending', dueAtMs: nowMs, triesUsed: 4, body } as const
      await store.deliveries.settle([settlement(first, { attempt: attempt(), next: pending })])
      const [second] = await claim(store, nowMs + 1)
      if (second === undefined) throw new Error('nothing was claimed')
      const failed = { status: 'failed', atMs: nowMs } as const
      await store.deliveries.settle([settlement(second, { attempt: attempt(), next: failed, lastError: 'no' })])
      await store.deliveries.retry({ status: 'failed' }, nowMs + 2)
      const [third] = await claim(store, nowMs + 2)
      const { attempts, attemptsBefore, triesUsed, crashes, lastError } = third?.delivery ?? {}
      expect([attempts, attemptsBefore, triesUsed, crashes, lastError]).toEqual([2, 2, 0, 0, 'no'])
      expect(third?.delivery.body).toEqual(body)
    })
  })

  describe('cancel', () => {
    test('ends what waits, once, and no other tenant’s', async store => {
      const nowMs = now()
      const one = newEvent([{ lane: 'a' }, { lane: 'b', dueAtMs: nowMs + 10 }], { tenant: 't1' })
      await store.deliveries.enqueue([one])
      const [first = '', second = ''] = idsOf(one)
      expect(await store.deliveries.cancel(first, nowMs, 't2')).toBe(false)
      expect(await store.deliveries.cancel(first, nowMs, 't1')).toBe(true)
      expect(await store.deliveries.cancel(first, nowMs)).toBe(false)
      expect(await store.deliveries.cancel(second, nowMs)).toBe(true)
      expect(await store.deliveries.cancel('evt_none_0', nowMs)).toBe(false)
      expect(await claim(store, nowMs + 10)).toEqual([])
      expect((await store.deliveries.get(first))?.delivery.finishedAtMs).toBe(nowMs)
      expect(await store.deliveries.nextDueAtMs({ direction: 'outbound' })).toBe(undefined)
    })

    test('ends what is under way: its settlement changes nothing', async store => {
      const nowMs = now()
      await store.deliveries.enqueue([newEvent()])
      const [first] = await claim(store, nowMs, { token: 'mine', leaseUntilMs: nowMs + 5 })
      if (first === undefined) throw new Error('nothing was claimed')
      expect(await store.deliveries.cancel(first.delivery.id, nowMs)).toBe(true)
      expect(await store.deliveries.renew(['mine'], nowMs + 9)).toEqual(['mine'])
      const next = { status: 'pending', dueAtMs: nowMs, triesUsed: 1 } as const
      expect(await store.deliveries.settle([settlement(first, { next })])).toEqual([false])
      expect(await statusOf(store, first.delivery.id)).toBe('cancelled')
      expect(await claim(store, nowMs + 100)).toEqual([])
    })
  })

  describe('reschedule', () => {
    test('moves an endpoint’s waiting deliveries, later or sooner', async store => {
      const nowMs = now()
      const one = newEvent([
        { lane: 'a', dueAtMs: nowMs },
        { lane: 'a', dueAtMs: nowMs + 50 },
        { lane: 'a', dueAtMs: nowMs + 500 },
        { lane: 'b', dueAtMs: nowMs + 70 },
      ])
      await store.deliveries.enqueue([one])
      const dueTimes = async (): Promise<number[]> => {
        const found = await Promise.all(idsOf(one).map(id => store.deliveries.get(id)))
        return found.map(each => (each?.delivery.dueAtMs ?? 0) - nowMs)
      }
      await store.deliveries.reschedule('a', nowMs + 100, 'later')
      expect(await dueTimes()).toEqual([100, 100, 500, 70])
      expect(await claim(store, nowMs + 60)).toEqual([])
      expect(await store.deliveries.nextDueAtMs({ direction: 'outbound' })).toBe(nowMs + 70)
      await store.deliveries.reschedule('a', nowMs + 200, 'sooner')
      expect(await dueTimes()).toEqual([100, 100, 200, 70])
      await store.deliveries.reschedule('a', nowMs + 20, 'sooner')
      expect((await claim(store, nowMs + 20)).length).toBe(3)
    })

    test('moves any number of them, in order or not', async store => {
      const nowMs = now()
      for (let i = 0; i < 3; i++) {
        const parts = Array.from({ length: 900 }, (_, j) => ({ lane: 'a', ordered: j % 2 === 0, dueAtMs: nowMs }))
        await store.deliveries.enqueue([newEvent(parts, { subject: `s${i % 2}` })])
      }
      for (const [move, dueAtMs] of [
        ['later', nowMs + 100],
        ['sooner', nowMs + 50],
      ] as const) {
        await store.deliveries.reschedule('a', dueAtMs, move)
        const pages = await allPages(page => store.deliveries.list(page), 250)
        expect([...new Set(pages.flat().map(one => one.dueAtMs))]).toEqual([dueAtMs])
      }
    })

    test('leaves alone what is under way or has ended', async store => {
      const nowMs = now()
      const ids = await finished(store, nowMs)
      await store.deliveries.enqueue([newEvent([{ lane: 'a' }])])
      const [claimed] = await claim(store, nowMs)
      await store.deliveries.reschedule('a', nowMs + 9_000, 'later')
      if (claimed === undefined) throw new Error('nothing was claimed')
      expect(await statusOf(store, ids[0] ?? '')).toBe('succeeded')
      const next = { status: 'pending', dueAtMs: nowMs + 1, triesUsed: 1 } as const
      expect(await store.deliveries.settle([settlement(claimed, { next })])).toEqual([true])
      expect((await claim(store, nowMs + 1)).length).toBe(1)
    })
  })
}
