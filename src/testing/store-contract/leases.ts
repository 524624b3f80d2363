import { type Cases, claim, newEvent, settlement } from './support.ts'

export function leaseCases({ describe, test, expect, now }: Cases): void {
  describe('leases', () => {
    test('run out: the delivery can be claimed again, and that counts as a crash', async store => {
      const nowMs = now()
      await store.deliveries.enqueue([newEvent()])
      const [first] = await claim(store, nowMs, { leaseUntilMs: nowMs + 1_000 })
      expect(await claim(store, nowMs + 999)).toEqual([])
      const [second] = await claim(store, nowMs + 1_000, { leaseUntilMs: nowMs + 9_000 })
      expect([first?.delivery.crashes, second?.delivery.crashes]).toEqual([0, 1])
      if (first === undefined || second === undefined) throw new Error('nothing was claimed')
      expect(await store.deliveries.settle([settlement(first), settlement(second)])).toEqual([false, true])
    })

    test('may end at times with a fraction', async store => {
      const nowMs = now() + 0.5
      await store.deliveries.enqueue([newEvent()])
      const [first] = await claim(store, nowMs, { token: 'first', leaseUntilMs: nowMs + 1_000 / 3 })
      expect(first?.token).toBe('first')
      expect(await store.deliveries.renew(['first'], nowMs + 2_000 / 3)).toEqual([])
      expect(await claim(store, nowMs + 600)).toEqual([])
      expect((await claim(store, nowMs + 700)).length).toBe(1)
    })

    test('run out each at their own time', async store => {
      const nowMs = now()
      await store.deliveries.enqueue([newEvent([{ lane: 'a' }])])
      await claim(store, nowMs, { leaseUntilMs: nowMs + 50_000 })
      await store.deliveries.enqueue([newEvent([{ lane: 'b' }])])
      await claim(store, nowMs, { leaseUntilMs: nowMs + 100 })
      expect(await store.deliveries.nextDueAtMs({ direction: 'outbound' })).toBe(nowMs + 100)
      expect((await claim(store, nowMs + 100)).map(({ delivery }) => delivery.lane)).toEqual(['b'])
    })

    test('that ran out still count while nobody took the delivery over', async store => {
      const nowMs = now()
      await store.deliveries.enqueue([newEvent()])
      const [first] = await claim(store, nowMs, { leaseUntilMs: nowMs + 1 })
      if (first === undefined) throw new Error('nothing was claimed')
      expect(await store.deliveries.settle([settlement(first)])).toEqual([true])
    })

    test('are renewed while they are held', async store => {
      const nowMs = now()
      await store.deliveries.enqueue([newEvent([{ lane: 'a' }, { lane: 'b' }, { lane: 'c' }])])
      const leaseUntilMs = nowMs + 1_000
      const two = await claim(store, nowMs, { limit: 2, token: 'two', leaseUntilMs })
      const one = await claim(store, nowMs, { token: 'one', leaseUntilMs })
      await store.deliveries.settle(one.map(claimed => settlement(claimed)))
      const lost = await store.deliveries.renew(['two', 'one', 'none'], nowMs + 5_000)
      expect([...lost].sort()).toEqual(['none', 'one'])
      expect(await claim(store, nowMs + 4_999)).toEqual([])
      expect((await claim(store, nowMs + 5_000)).length).toBe(2)
      expect(await store.deliveries.renew(['two'], nowMs + 9_000)).toEqual(['two'])
      expect(await store.deliveries.settle(two.map(claimed => settlement(claimed)))).toEqual([false, false])
      expect(await store.deliveries.renew([], nowMs)).toEqual([])
    })
  })
}
