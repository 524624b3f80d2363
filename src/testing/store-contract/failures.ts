import type { Settlement, Store } from '../../storage/store.ts'
import { type Cases, claim, idsOf, newEvent, settlement } from './support.ts'

/** What fails, and how. */
interface Failing {
  readonly lane?: string
  readonly tenant?: string
  readonly type?: string
  readonly direction?: 'inbound' | 'outbound'
  readonly ordered?: boolean
  readonly subject?: string
  readonly cause?: string
  readonly lastError?: string
  readonly atMs: number
}

/** Stores a delivery and has it fail; its id. */
async function fail(store: Store, failing: Failing): Promise<string> {
  const { lane = 'a', direction = 'outbound', ordered = false, cause, lastError = 'no', atMs } = failing
  const { tenant, subject, type = 'deal.updated' } = failing
  const event = newEvent([{ lane, direction, ordered }], { tenant, subject, type })
  await store.deliveries.enqueue([event])
  const end: Partial<Settlement> = { next: { status: 'failed', atMs }, lastError }
  const claimed = await claim(store, atMs, { direction })
  await store.deliveries.settle(claimed.map(one => settlement(one, cause === undefined ? end : { ...end, cause })))
  return idsOf(event)[0] ?? ''
}

export function failureCases({ describe, test, expect, now }: Cases): void {
  const keys = async (store: Store, filter: Parameters<Store['deliveries']['failures']>[0]): Promise<string[]> =>
    (await store.deliveries.failures(filter)).map(({ endpointId, cause, count }) => `${endpointId} ${cause} ${count}`)
  const statusOf = async (store: Store, id: string): Promise<string | undefined> =>
    (await store.deliveries.get(id))?.delivery.status

  describe('failures', () => {
    test('are counted by endpoint and cause, the largest group first, with its times and its newest', async store => {
      const nowMs = now()
      expect(await store.deliveries.failures({})).toEqual([])
      await fail(store, { cause: 'timeout', atMs: nowMs })
      await fail(store, { cause: 'http_500', lastError: 'HTTP 500: busy', atMs: nowMs + 9 })
      const newest = await fail(store, { cause: 'http_500', lastError: 'HTTP 500: 7', type: 'x.y', atMs: nowMs + 3 })
      await fail(store, { lane: 'b', cause: 'timeout', atMs: nowMs + 1 })
      await store.deliveries.enqueue([newEvent()])
      const groups = await store.deliveries.failures({})
      expect(groups[0]).toEqual({
        endpointId: 'a',
        cause: 'http_500',
        direction: 'outbound',
        count: 2,
        oldestAtMs: nowMs + 3,
        newestAtMs: nowMs + 9,
        sample: { deliveryId: newest, eventType: 'x.y', lastError: 'HTTP 500: 7' },
      })
      expect(await keys(store, {})).toEqual(['a http_500 2', 'b timeout 1', 'a timeout 1'])
    })

    test('are one group where an endpoint has several lanes, and its sample is one of them', async store => {
      const nowMs = now()
      const event = newEvent([
        { lane: 'a1', endpointId: 'a' },
        { lane: 'a2', endpointId: 'a' },
        { lane: 'b', endpointId: 'b' },
      ])
      await store.deliveries.enqueue([event])
      const failed = { next: { status: 'failed', atMs: nowMs }, lastError: 'no', cause: 'timeout' } as const
      await store.deliveries.settle((await claim(store, nowMs)).map(one => settlement(one, failed)))
      const [first] = await store.deliveries.failures({})
      expect([first?.endpointId, first?.count, first?.sample.deliveryId]).toEqual(['a', 2, idsOf(event)[1]])
    })

    test('are found by every filter, and have the cause unknown where none was noted', async store => {
      const atMs = now()
      await fail(store, { tenant: 't1', cause: 'timeout', atMs })
      await fail(store, { tenant: 't2', cause: 'timeout', atMs })
      await fail(store, { tenant: 't2', lane: 'b', atMs })
      await fail(store, { lane: 'r', direction: 'inbound', cause: 'handler_failed', atMs })
      expect(await keys(store, { tenant: 't2' })).toEqual(['b unknown 1', 'a timeout 1'])
      expect((await store.deliveries.failures({ tenant: 't1' }))[0]?.tenant).toBe('t1')
      expect(await keys(store, { tenant: 't3' })).toEqual([])
      expect(await keys(store, { endpointId: 'a' })).toEqual(['a timeout 2'])
      expect(await keys(store, { cause: 'unknown' })).toEqual(['b unknown 1'])
      expect(await keys(store, { direction: 'inbound' })).toEqual(['r handler_failed 1'])
      expect(await keys(store, { limit: 1 })).toEqual(['a timeout 2'])
      expect((await store.deliveries.list({ cause: 'timeout', tenant: 't1' })).items.length).toBe(1)
      expect((await store.deliveries.list({ cause: 'unknown', status: 'failed' })).items.length).toBe(1)
    })

    test('keep the cause of the last one, until success', async store => {
      const nowMs = now()
      const id = await fail(store, { cause: 'timeout', atMs: nowMs })
      expect(await store.deliveries.retry({ status: 'failed', endpointId: 'a', cause: 'http_500' }, nowMs)).toBe(0)
      expect(await store.deliveries.retry({ status: 'failed', endpointId: 'a', cause: 'timeout' }, nowMs)).toBe(1)
      expect(await keys(store, {})).toEqual([])
      const [again] = await claim(store, nowMs)
      expect(again?.delivery.cause).toBe('timeout')
      if (again === undefined) throw new Error('nothing was claimed')
      await store.deliveries.settle([settlement(again)])
      expect((await store.deliveries.get(id))?.delivery.cause).toBe(undefined)
    })
  })

  describe('discard', () => {
    test('cancels what failed and matches, once, and no other tenant’s', async store => {
      const nowMs = now()
      const one = await fail(store, { tenant: 't1', cause: 'timeout', atMs: nowMs })
      const other = await fail(store, { tenant: 't2', cause: 'timeout', atMs: nowMs })
      const waiting = newEvent([{ lane: 'a' }], { tenant: 't1' })
      await store.deliveries.enqueue([waiting])
      const key = { endpointId: 'a', cause: 'timeout', tenant: 't1' }
      expect(await store.deliveries.discard({ ...key, cause: 'http_500' }, nowMs + 5)).toBe(0)
      expect(await store.deliveries.discard(key, nowMs + 5)).toBe(1)
      expect(await store.deliveries.discard(key, nowMs + 6)).toBe(0)
      const found = (await store.deliveries.get(one))?.delivery
      expect([found?.status, found?.finishedAtMs, found?.cause]).toEqual(['cancelled', nowMs + 5, 'timeout'])
      expect([await statusOf(store, other), await statusOf(store, idsOf(waiting)[0] ?? '')]).toEqual([
        'failed',
        'pending',
      ])
      expect(await keys(store, {})).toEqual(['a timeout 1'])
      expect((await claim(store, nowMs + 100)).map(({ delivery }) => delivery.id)).toEqual(idsOf(waiting))
    })

    test('leaves alone what somebody has retried meanwhile', async store => {
      const nowMs = now()
      const id = await fail(store, { cause: 'timeout', atMs: nowMs })
      const [retried, discarded] = await Promise.all([
        store.deliveries.retry({ status: 'failed' }, nowMs),
        store.deliveries.discard({ cause: 'timeout' }, nowMs),
      ])
      expect(retried + discarded).toBe(1)
      expect(await statusOf(store, id)).toBe(retried === 1 ? 'pending' : 'cancelled')
    })

    test('takes any number of them, each once, and so does retry', async store => {
      const nowMs = now()
      const count = 1_003
      await store.deliveries.enqueue([newEvent(Array.from({ length: count }, () => ({ lane: 'a' })))])
      const failAll = async (): Promise<void> => {
        const next = { status: 'failed', atMs: nowMs } as const
        const claimed = await claim(store, nowMs)
        await store.deliveries.settle(claimed.map(one => settlement(one, { next, lastError: 'no', cause: 'timeout' })))
      }
      await failAll()
      const key = { endpointId: 'a', cause: 'timeout' }
      expect(await store.deliveries.retry({ ...key, status: 'failed' }, nowMs)).toBe(count)
      await failAll()
      expect(await keys(store, {})).toEqual([`a timeout ${count}`])
      expect(await store.deliveries.discard(key, nowMs)).toBe(count)
      expect(await keys(store, {})).toEqual([])
    })
  })
}
