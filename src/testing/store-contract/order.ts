import type { NewEvent, Store } from '../../storage/store.ts'
import { type Cases, claim, newEvent, settlement } from './support.ts'

export function orderCases({ describe, test, expect, now }: Cases): void {
  const eventsOf = async (store: Store, nowMs: number): Promise<string[]> =>
    (await claim(store, nowMs)).map(({ event }) => event.data)
  const series = (count: number, subject = 's'): NewEvent[] =>
    Array.from({ length: count }, (_, i) => newEvent([{ ordered: true }], { subject, data: `"${subject}${i}"` }))

  describe('order', () => {
    test('goes one at a time and oldest first in a subject', async store => {
      const nowMs = now()
      await store.deliveries.enqueue(series(2))
      await store.deliveries.enqueue(series(1, 's2'))
      await store.deliveries.enqueue([newEvent([{ ordered: true }], { subject: 's', data: '"s2"' })])
      const seen: string[] = []
      for (let i = 0; i < 5; i++) {
        const claimed = await claim(store, nowMs, { skipLanes: new Set() })
        seen.push(
          claimed
            .map(({ event }) => event.data)
            .sort()
            .join('+'),
        )
        expect(await eventsOf(store, nowMs)).toEqual([])
        await store.deliveries.settle(claimed.map(one => settlement(one)))
      }
      expect(seen).toEqual(['"s0"+"s20"', '"s1"', '"s2"', '', ''])
    })

    test('waits behind a retry, and the rest of the lane does not', async store => {
      const nowMs = now()
      await store.deliveries.enqueue([...series(2), newEvent([{}], { subject: 's', data: '"free"' })])
      const claimed = await claim(store, nowMs)
      expect(claimed.map(({ event }) => event.data).sort()).toEqual(['"free"', '"s0"'])
      // A worker claims again when this one has ended.
      expect(claimed.some(({ event, ordered }) => event.data === '"s0"' && ordered === false)).toBe(false)
      const later = { status: 'pending', dueAtMs: nowMs + 5_000, triesUsed: 1 } as const
      await store.deliveries.settle(
        claimed.map(one => settlement(one, one.event.data === '"s0"' ? { next: later } : {})),
      )
      expect(await eventsOf(store, nowMs + 4_999)).toEqual([])
      expect(await eventsOf(store, nowMs + 5_000)).toEqual(['"s0"'])
    })

    test('goes on when the first one fails for good, is cancelled, or is given back', async store => {
      const nowMs = now()
      const events = series(4)
      await store.deliveries.enqueue(events)
      const [first] = await claim(store, nowMs)
      if (first === undefined) throw new Error('nothing was claimed')
      await store.deliveries.settle([settlement(first, { next: { status: 'returned', dueAtMs: nowMs } })])
      const [again] = await claim(store, nowMs)
      expect(again?.event.data).toBe('"s0"')
      if (again === undefined) throw new Error('nothing was claimed')
      await store.deliveries.settle([settlement(again, { next: { status: 'failed', atMs: nowMs } })])
      await store.deliveries.cancel(`${events[2]?.event.id}_0`, nowMs)
      await store.deliveries.cancel(`${events[1]?.event.id}_0`, nowMs)
      expect(await eventsOf(store, nowMs)).toEqual(['"s3"'])
    })

    test('takes one that is retried in again at its place', async store => {
      const nowMs = now()
      const events = series(3)
      await store.deliveries.enqueue(events)
      const [first] = await claim(store, nowMs)
      if (first === undefined) throw new Error('nothing was claimed')
      await store.deliveries.settle([settlement(first, { next: { status: 'failed', atMs: nowMs } })])
      const [second] = await claim(store, nowMs)
      if (second === undefined) throw new Error('nothing was claimed')
      expect(await store.deliveries.retry({ ids: [first.delivery.id] }, nowMs)).toBe(1)
      // The second one is under way: the first waits for it.
      expect(await eventsOf(store, nowMs)).toEqual([])
      await store.deliveries.settle([settlement(second, { next: { status: 'returned', dueAtMs: nowMs } })])
      expect(await eventsOf(store, nowMs)).toEqual(['"s0"'])
    })

    test('keeps its place when what comes first was moved', async store => {
      const nowMs = now()
      await store.deliveries.enqueue(series(2))
      await store.deliveries.reschedule('a', nowMs + 50, 'later')
      expect(await eventsOf(store, nowMs + 49)).toEqual([])
      expect(await eventsOf(store, nowMs + 50)).toEqual(['"s0"'])
    })

    test('is kept when a lease runs out and an older one was retried meanwhile', async store => {
      const nowMs = now()
      await store.deliveries.enqueue(series(3))
      const [first] = await claim(store, nowMs)
      if (first === undefined) throw new Error('nothing was claimed')
      await store.deliveries.settle([settlement(first, { next: { status: 'failed', atMs: nowMs } })])
      expect(await claim(store, nowMs, { leaseUntilMs: nowMs + 10 }).then(({ length }) => length)).toBe(1)
      await store.deliveries.retry({ ids: [first.delivery.id] }, nowMs)
      for (const data of ['"s0"', '"s1"', '"s2"']) {
        const claimed = await claim(store, nowMs + 11)
        expect(claimed.map(({ event }) => event.data)).toEqual([data])
        await store.deliveries.settle(claimed.map(one => settlement(one)))
      }
    })

    test('is kept when a lease runs out', async store => {
      const nowMs = now()
      await store.deliveries.enqueue(series(2))
      await claim(store, nowMs, { leaseUntilMs: nowMs + 10 })
      expect(await eventsOf(store, nowMs + 11)).toEqual(['"s0"'])
    })
  })
}
