import type { AttemptFilter, NewEvent, Store } from '../../storage/store.ts'
import { allPages, attempt, type Cases, claim, idsOf, newEvent, settlement } from './support.ts'

export function listCases({ describe, test, expect, now }: Cases): void {
  const idsIn = async (store: Store, filter: Parameters<Store['deliveries']['list']>[0]): Promise<string[]> =>
    (await store.deliveries.list(filter)).items.map(({ id }) => id).sort()

  describe('deliveries', () => {
    test('are found by id, with the tenant where one is given', async store => {
      const one = newEvent([{}], { tenant: 't1' })
      await store.deliveries.enqueue([one])
      const [id = ''] = idsOf(one)
      expect((await store.deliveries.get(id))?.delivery.id).toBe(id)
      expect((await store.deliveries.get(id, 't1'))?.delivery.id).toBe(id)
      for (const wrong of ['t2', '']) expect(await store.deliveries.get(id, wrong)).toBe(undefined)
      for (const unknown of ['', '_0', 'x', `${one.event.id}_1`, `${one.event.id}_00`, "'; --"]) {
        expect(await store.deliveries.get(unknown)).toBe(undefined)
      }
    })

    test('are found by every filter, and by several at once', async store => {
      const nowMs = now()
      const one = newEvent([{ lane: 'a' }, { lane: 'b' }], { tenant: 't1', subject: 's1', type: 'deal.updated' })
      const two = newEvent([{ lane: 'a' }], { tenant: 't2', subject: 's2', type: 'lead.created' })
      const three = newEvent([{ lane: 'c', direction: 'inbound' }], { subject: 's1' })
      for (const event of [one, two, three]) await store.deliveries.enqueue([event])
      const claimed = await claim(store, nowMs, { lanes: new Set(['b']) })
      await store.deliveries.settle(claimed.map(each => settlement(each)))
      const [first = '', second = ''] = idsOf(one)
      const [third = '', fourth = ''] = [...idsOf(two), ...idsOf(three)]
      const cases: ReadonlyArray<readonly [object, readonly string[]]> = [
        [{}, [first, second, third, fourth]],
        [{ tenant: 't1' }, [first, second]],
        [{ tenant: 't3' }, []],
        [{ endpointId: 'a' }, [first, third]],
        [{ eventId: two.event.id }, [third]],
        [{ eventId: two.event.id, tenant: 't1' }, []],
        [{ eventType: 'deal.updated' }, [first, second, fourth]],
        [{ subject: 's1' }, [first, second, fourth]],
        [{ status: 'succeeded' }, [second]],
        [{ status: 'pending', tenant: 't1' }, [first]],
        [{ direction: 'inbound' }, [fourth]],
        [{ direction: 'outbound', subject: 's1', endpointId: 'b' }, [second]],
      ]
      for (const [filter, expected] of cases) expect(await idsIn(store, filter)).toEqual([...expected].sort())
    })

    test('are found by a subject of any length', async store => {
      // Nothing that could be stored shorter.
      const long = Array.from({ length: 20_000 }, (_, i) =>
        String.fromCharCode(97 + ((i * i * 7 + (i >> 3)) % 26)),
      ).join('')
      const [one, other] = [newEvent([{}], { subject: long }), newEvent([{}], { subject: `${long}!` })]
      await store.deliveries.enqueue([one, other])
      expect(await idsIn(store, { subject: long })).toEqual(idsOf(one))
      const found = await store.deliveries.get(idsOf(other)[0] ?? '')
      expect(found?.delivery.subject === `${long}!`).toBe(true)
    })

    test('are found by the time when they were created', async store => {
      const one = newEvent()
      await store.deliveries.enqueue([one])
      const created = (await store.deliveries.get(idsOf(one)[0] ?? ''))?.delivery.createdAtMs ?? 0
      expect(await idsIn(store, { sinceMs: created, untilMs: created + 1 })).toEqual(idsOf(one))
      expect(await idsIn(store, { sinceMs: created + 1 })).toEqual([])
      expect(await idsIn(store, { untilMs: created })).toEqual([])
    })

    test('come newest first, page by page, without repeats or gaps while others are added', async store => {
      const events: NewEvent[] = []
      for (let i = 0; i < 11; i++) {
        const event = newEvent([{ lane: 'a' }, { lane: 'b' }], { data: String(i) })
        events.push(event)
        await store.deliveries.enqueue([event])
      }
      const pages = await allPages(async request => {
        const page = await store.deliveries.list(request)
        await store.deliveries.enqueue([newEvent()])
        return page
      }, 5)
      expect(pages.map(page => page.length)).toEqual([5, 5, 5, 5, 2])
      const ids = pages.flat().map(({ id }) => id)
      expect([...ids].sort()).toEqual(events.flatMap(idsOf).sort())
      const order = pages.flat().map(({ eventId }) => events.findIndex(({ event }) => event.id === eventId))
      expect(order).toEqual([...order].sort((a, b) => b - a))
    })

    test('are found by times with a fraction, as attempts are', async store => {
      const one = newEvent()
      await store.deliveries.enqueue([one])
      await store.attempts.insert([attempt({ startedAtMs: 1_000, endpointId: 'a' })])
      const created = (await store.deliveries.get(idsOf(one)[0] ?? ''))?.delivery.createdAtMs ?? 0
      expect(await idsIn(store, { sinceMs: created - 0.5, untilMs: created + 0.5 })).toEqual(idsOf(one))
      expect(await idsIn(store, { sinceMs: created + 0.5 })).toEqual([])
      expect(await idsIn(store, { untilMs: created - 0.5 })).toEqual([])
      const exchanges = async (filter: AttemptFilter): Promise<number> =>
        (await store.attempts.list(filter)).items.length
      expect(await exchanges({ sinceMs: 999.5, untilMs: 1_000.5 })).toBe(1)
      expect(await exchanges({ sinceMs: 1_000.5 })).toBe(0)
      expect(await exchanges({ untilMs: 999.5 })).toBe(0)
      expect((await store.attempts.stats('a', 999.5)).total).toBe(1)
      expect((await store.attempts.stats('a', 1_000.5)).total).toBe(0)
    })

    test('come in pages of the nearest size that there is, 50 for none', async store => {
      await store.deliveries.enqueue([newEvent(Array.from({ length: 260 }, (_, i) => ({ lane: `l${i}` })))])
      const sizes: ReadonlyArray<readonly [limit: number, size: number]> = [
        [Number.NaN, 50],
        [1.5, 1],
        [0, 1],
        [-3, 1],
        [249.9, 249],
        [1_000, 250],
        [Number.POSITIVE_INFINITY, 250],
      ]
      for (const [limit, size] of sizes) {
        expect([limit, (await store.deliveries.list({ limit })).items.length]).toEqual([limit, size])
      }
      for (const limit of [Number.NaN, 1.5]) {
        expect((await store.endpoints.list({ limit })).items).toEqual([])
        expect((await store.attempts.list({ limit })).items).toEqual([])
        expect(await store.deliveries.failures({ limit })).toEqual([])
      }
    })

    test('come 50 at a time, and none for a made-up cursor', async store => {
      await store.deliveries.enqueue([newEvent(Array.from({ length: 60 }, (_, i) => ({ lane: `l${i}` })))])
      const page = await store.deliveries.list({})
      expect(page.items.length).toBe(50)
      expect((await store.deliveries.list({ limit: 60 })).cursor).toBe(undefined)
      for (const cursor of ['', 'x', "'", '-1', 'null', 'evt_1_2']) {
        expect((await store.deliveries.list({ cursor })).items).toEqual([])
      }
    })
  })
}
