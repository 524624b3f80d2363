import type { Attempt } from '../../model/delivery.ts'
import type { AttemptFilter } from '../../storage/store.ts'
import { allPages, attempt, type Cases } from './support.ts'

export function attemptCases({ describe, test, expect }: Cases): void {
  describe('attempts', () => {
    test('are kept as they are, and once', async store => {
      const one = attempt({
        deliveryId: 'evt_1_0',
        eventId: 'evt_1',
        tenant: 't1',
        subject: 'case-1',
        responseBody: 'ünï “x” 😀 \\u0000',
        errorCode: 'http_status',
        errorMessage: 'HTTP 500',
        externalId: 'X-1',
      })
      const bare = attempt({ startedAtMs: 2_000, status: undefined, eventType: undefined, direction: 'inbound' })
      await store.attempts.insert([one, bare])
      await store.attempts.insert([one])
      expect((await store.attempts.list({})).items).toEqual([bare, one])
    })

    test('are found by every filter, and by several at once', async store => {
      const made: Readonly<Record<string, Attempt>> = {
        a: attempt({ startedAtMs: 1_000, endpointId: 'a', tenant: 't1', subject: 's1', deliveryId: 'evt_1_0' }),
        b: attempt({ startedAtMs: 2_000, endpointId: 'b', tenant: 't2', outcome: 'failed', status: 404 }),
        c: attempt({ startedAtMs: 3_000, endpointId: 'a', outcome: 'failed', status: undefined, errorMessage: 'down' }),
        d: attempt({ startedAtMs: 4_000, endpointId: 'd', direction: 'inbound', eventType: 'x.y', status: 503 }),
        e: attempt({ startedAtMs: 5_000, endpointId: 'e', status: 302, responseBody: '100%_\\ "quoted"' }),
        f: attempt({ startedAtMs: 6_000, endpointId: 'f', status: 201, url: 'https://f.example.com/needle' }),
      }
      await store.attempts.insert(Object.values(made))
      const found = async (filter: AttemptFilter): Promise<string> => {
        const ids = (await store.attempts.list(filter)).items.map(({ id }) => id)
        return ids.map(id => Object.keys(made).find(name => made[name]?.id === id)).join('')
      }
      const cases: ReadonlyArray<readonly [AttemptFilter, string]> = [
        [{}, 'fedcba'],
        [{ tenant: 't1' }, 'a'],
        [{ endpointId: 'a' }, 'ca'],
        [{ deliveryId: 'evt_1_0' }, 'a'],
        [{ eventType: 'x.y' }, 'd'],
        [{ subject: 's1' }, 'a'],
        [{ outcome: 'failed' }, 'cb'],
        [{ direction: 'inbound' }, 'd'],
        [{ status: 404 }, 'b'],
        [{ status: '2xx' }, 'fa'],
        [{ status: '3xx' }, 'e'],
        [{ status: '4xx' }, 'b'],
        [{ status: '5xx' }, 'd'],
        [{ status: 'none' }, 'c'],
        [{ sinceMs: 3_000 }, 'fedc'],
        [{ untilMs: 3_000 }, 'ba'],
        [{ sinceMs: 2_000, untilMs: 4_000, outcome: 'failed', endpointId: 'a' }, 'c'],
        [{ text: 'needle' }, 'f'],
        [{ text: 'down' }, 'c'],
        [{ text: '"deal"' }, 'fedcba'],
        [{ text: '0%_\\ "q' }, 'e'],
        [{ text: 'a%e' }, ''],
        [{ text: 'd_wn' }, ''],
        [{ text: 'needle', endpointId: 'a' }, ''],
      ]
      for (const [filter, expected] of cases) expect([filter, await found(filter)]).toEqual([filter, expected])
    })

    test('come newest first, page by page, while others are added', async store => {
      const made = Array.from({ length: 23 }, (_, i) => attempt({ startedAtMs: 1_000 + i }))
      await store.attempts.insert(made)
      let added = 9_000
      const pages = await allPages(async request => {
        const page = await store.attempts.list(request)
        await store.attempts.insert([attempt({ startedAtMs: added++ })])
        return page
      }, 10)
      expect(pages.map(page => page.length)).toEqual([10, 10, 3])
      expect(pages.flat()).toEqual([...made].reverse())
      expect((await store.attempts.list({ cursor: 'x' })).items).toEqual([])
    })

    test('give figures by nearest rank, without tests', async store => {
      const made = Array.from({ length: 100 }, (_, i) =>
        attempt({ startedAtMs: 1_000 + i, durationMs: ((i * 37) % 100) + 1, outcome: i < 75 ? 'succeeded' : 'failed' }),
      )
      await store.attempts.insert([
        ...made,
        attempt({ startedAtMs: 999, durationMs: 9_999 }),
        attempt({ startedAtMs: 5_000, durationMs: 9_999, isTest: true }),
        attempt({ startedAtMs: 5_000, durationMs: 9_999, endpointId: 'b' }),
      ])
      expect(await store.attempts.stats('a', 1_000)).toEqual({
        total: 100,
        succeeded: 75,
        failed: 25,
        averageMs: 50.5,
        p50Ms: 50,
        p95Ms: 95,
        p99Ms: 99,
        lastAttemptAtMs: 1_099,
      })
      const { total, p50Ms, p99Ms } = await store.attempts.stats('a', 1_099)
      expect([total, p50Ms, p99Ms]).toEqual([1, made[99]?.durationMs, made[99]?.durationMs])
      expect(await store.attempts.stats('none', 0)).toEqual({
        total: 0,
        succeeded: 0,
        failed: 0,
        averageMs: undefined,
        p50Ms: undefined,
        p95Ms: undefined,
        p99Ms: undefined,
        lastAttemptAtMs: undefined,
      })
    })
  })
}
