import { backlog, type Cases, claim, lanesOf, newEvent, settlement } from './support.ts'

export function claimCases({ describe, test, expect, now }: Cases): void {
  describe('claim', () => {
    test('gives what is due, with its event, once', async store => {
      const nowMs = now()
      const due = newEvent([{ dueAtMs: nowMs }], { tenant: 't' })
      await store.deliveries.enqueue([due, newEvent([{ dueAtMs: nowMs + 1 }])])
      const [first, ...more] = await claim(store, nowMs, { token: 'mine' })
      expect(more.length).toBe(0)
      expect(first?.event).toEqual(due.event)
      expect(first?.token).toBe('mine')
      expect(first?.delivery.id).toBe(`${due.event.id}_0`)
      expect(first?.delivery.crashes).toBe(0)
      expect(await claim(store, nowMs)).toEqual([])
      expect((await claim(store, nowMs + 1)).length).toBe(1)
    })

    test('gives each delivery to one of many concurrent claims', async store => {
      await store.deliveries.enqueue(backlog('a', 30))
      await store.deliveries.enqueue(backlog('b', 30))
      const nowMs = now()
      const claims = await Promise.all(Array.from({ length: 12 }, () => claim(store, nowMs, { limit: 5 })))
      const ids = claims.flat().map(({ delivery }) => delivery.id)
      expect(new Set(ids).size).toBe(ids.length)
      const rest = await claim(store, nowMs)
      expect(ids.length + rest.length).toBe(60)
    })

    test('takes one of each lane before a second of any', async store => {
      await store.deliveries.enqueue(backlog('big', 1_000))
      await store.deliveries.enqueue([newEvent(['b', 'c', 'd', 'e'].map(lane => ({ lane })))])
      const lanes = lanesOf(await claim(store, now(), { limit: 8 }))
      expect(lanes.length).toBe(8)
      expect([...new Set(lanes)].sort()).toEqual(['b', 'big', 'c', 'd', 'e'])
    })

    test('takes one of each lane before a second of any, when all have more than that', async store => {
      for (let i = 0; i < 7; i++) await store.deliveries.enqueue(backlog(`lane-${i}`, 10))
      const nowMs = now()
      for (const limit of [10, 13]) {
        const lanes = lanesOf(await claim(store, nowMs, { limit }))
        expect([lanes.length, new Set(lanes).size]).toEqual([limit, 7])
      }
    })

    test('serves the lanes that are named in turn', async store => {
      const names = Array.from({ length: 7 }, (_, i) => `lane-${i}`)
      for (const lane of names) await store.deliveries.enqueue(backlog(lane, 10))
      const nowMs = now()
      const served = new Set<string>()
      for (let round = 0; round < 3; round++) {
        for (const lane of lanesOf(await claim(store, nowMs, { lanes: new Set(names), limit: 3 }))) served.add(lane)
      }
      expect(served.size).toBe(7)
    })

    test('serves the lanes in turn: older backlogs never keep a lane waiting', async store => {
      for (let i = 0; i < 9; i++) await store.deliveries.enqueue(backlog(`old-${i}`, 30))
      await store.deliveries.enqueue(backlog('new', 1))
      const nowMs = now()
      let served = false
      for (let round = 0; round < 30 && !served; round++) {
        const claimed = await claim(store, nowMs, { limit: 3 })
        served = lanesOf(claimed).includes('new')
        await store.deliveries.settle(claimed.map(one => settlement(one)))
      }
      expect(served).toBe(true)
    })

    test('takes no more of a lane than it may', async store => {
      for (const lane of ['a', 'b', 'c']) await store.deliveries.enqueue(backlog(lane, 10))
      const lanes = lanesOf(await claim(store, now(), { perLane: 2, laneLimits: new Map([['b', 5]]) }))
      expect(lanes.sort().join('')).toBe('aabbbbbcc')
    })

    test('finds what there is in the lanes that are named, however many have nothing', async store => {
      const names = Array.from({ length: 20 }, (_, i) => `lane-${i}`)
      await store.deliveries.enqueue([newEvent(names.map(lane => ({ lane })))])
      const nowMs = now()
      await store.deliveries.settle((await claim(store, nowMs)).map(one => settlement(one)))
      await store.deliveries.enqueue([newEvent([{ lane: 'lane-13' }, { lane: 'lane-17' }, { lane: 'other' }])])
      const lanes = new Set(names)
      const found: string[] = []
      for (let i = 0; i < 3; i++) found.push(...lanesOf(await claim(store, nowMs, { lanes, limit: 1 })))
      expect(found.sort()).toEqual(['lane-13', 'lane-17'])
    })

    test('goes on with all lanes where it was, whatever is claimed of some meanwhile', async store => {
      const names = Array.from({ length: 8 }, (_, i) => `lane-${i}`)
      for (const lane of names) await store.deliveries.enqueue(backlog(lane, 30))
      const nowMs = now()
      const served: string[] = []
      for (let round = 0; round < 8; round++) {
        const named = await claim(store, nowMs, { lanes: new Set(['lane-3']), limit: 1 })
        const claimed = await claim(store, nowMs, { limit: 1 })
        served.push(...lanesOf(claimed))
        await store.deliveries.settle([...named, ...claimed].map(one => settlement(one)))
      }
      expect(new Set(served).size >= names.length - 1).toBe(true)
    })

    test('leaves lanes out', async store => {
      await store.deliveries.enqueue([newEvent(['a', 'b', 'c', 'd'].map(lane => ({ lane })))])
      const nowMs = now()
      const choice = { lanes: new Set(['a', 'b', 'x']), skipLanes: new Set(['b', 'y']) }
      expect(lanesOf(await claim(store, nowMs, choice))).toEqual(['a'])
      expect(lanesOf(await claim(store, nowMs, { skipLanes: new Set(['c']) })).sort()).toEqual(['b', 'd'])
      expect(lanesOf(await claim(store, nowMs))).toEqual(['c'])
    })

    test('keeps the directions apart, also in lanes of one name', async store => {
      await store.deliveries.enqueue([newEvent([{ lane: 'a' }, { lane: 'a', direction: 'inbound' }])])
      const nowMs = now()
      const inbound = await claim(store, nowMs, { direction: 'inbound' })
      expect(inbound.map(({ delivery }) => delivery.direction)).toEqual(['inbound'])
      const outbound = await claim(store, nowMs)
      expect(outbound.map(({ delivery }) => delivery.direction)).toEqual(['outbound'])
    })

    test('tells when the next one falls due', async store => {
      const nowMs = now()
      const direction = 'outbound'
      const { deliveries } = store
      expect(await deliveries.nextDueAtMs({ direction })).toBe(undefined)
      await deliveries.enqueue([newEvent([{ lane: 'b', dueAtMs: nowMs + 9_000 }])])
      await deliveries.enqueue([newEvent([{ lane: 'a', dueAtMs: nowMs + 5_000 }])])
      await deliveries.enqueue([newEvent([{ lane: 'a', dueAtMs: nowMs + 7_000 }])])
      expect(await deliveries.nextDueAtMs({ direction })).toBe(nowMs + 5_000)
      expect(await deliveries.nextDueAtMs({ direction: 'inbound' })).toBe(undefined)
      const claimed = await claim(store, nowMs + 5_000, { leaseUntilMs: nowMs + 6_000 })
      expect(await deliveries.nextDueAtMs({ direction })).toBe(nowMs + 6_000)
      await deliveries.settle(claimed.map(one => settlement(one)))
      expect(await deliveries.nextDueAtMs({ direction })).toBe(nowMs + 7_000)
    })

    test('does not count what is due in a lane that is left out', async store => {
      const nowMs = now()
      await store.deliveries.enqueue([newEvent([{ lane: 'a', dueAtMs: nowMs - 10 }])])
      const skipLanes = new Set(['a'])
      expect(await claim(store, nowMs, { skipLanes })).toEqual([])
      expect(await store.deliveries.nextDueAtMs({ direction: 'outbound', skipLanes })).toBe(undefined)
      const due = await store.deliveries.nextDueAtMs({ direction: 'outbound' })
      expect(due !== undefined && due <= nowMs).toBe(true)
    })
  })
}
