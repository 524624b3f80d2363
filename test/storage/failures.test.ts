import { sqliteStore } from 'crm-webhooks/storage/sqlite'
import { manualClock } from 'crm-webhooks/testing'
import Database from 'libsql'
import { describe, expect, it } from 'vitest'
import { claim, idsOf, newEvent, settlement } from '../../src/testing/store-contract/support.ts'

describe('dead letters in a database', () => {
  it('are finished once they were discarded: pruning takes them with their events', async () => {
    const clock = manualClock()
    const store = sqliteStore(new Database(':memory:'), { clock })
    const event = newEvent([{ lane: 'a' }])
    await store.deliveries.enqueue([event])
    const failed = { next: { status: 'failed', atMs: 7 }, lastError: 'HTTP 500', cause: 'http_500' } as const
    await store.deliveries.settle((await claim(store, clock.now())).map(one => settlement(one, failed)))
    await store.deliveries.discard({ endpointId: 'a', cause: 'http_500' }, clock.now())
    await clock.advance(60_000)
    expect((await store.prune({ eventsOlderThanSeconds: 30 })).events).toBe(1)
    expect(await store.deliveries.get(idsOf(event)[0] ?? '')).toBe(undefined)
  })

  it('are counted and found by an index, however many other deliveries there are', async () => {
    const database = new Database(':memory:')
    await sqliteStore(database).start()
    const plan = (sql: string): string =>
      (database.prepare(`explain query plan ${sql}`).all() as { detail: string }[])
        .map(({ detail }) => detail)
        .join(' ')
    const count = `select lane_no, cause, count(*), min(finished_at_ms), max(event_no) from webhook_deliveries
      where state = 4 group by lane_no, cause`
    expect(plan(count)).toMatch(/USING COVERING INDEX webhook_deliveries_cause/)
    expect(plan(count)).not.toMatch(/TEMP B-TREE/)
    const group = "select event_no from webhook_deliveries where state = 4 and lane_no = 1 and cause = 'timeout'"
    expect(plan(group)).toMatch(/USING COVERING INDEX webhook_deliveries_cause \(lane_no=\? AND cause=\?\)/)
  })
})
