import { PGlite } from '@electric-sql/pglite'
import { memoryStore } from 'crm-webhooks/storage/memory'
import { postgresStore } from 'crm-webhooks/storage/postgres'
import { sqliteStore } from 'crm-webhooks/storage/sqlite'
import * as fc from 'fast-check'
import Database from 'libsql'
import { afterAll, expect, it } from 'vitest'
import type { Clock } from '../../src/clock.ts'
import type { Settlement, Store } from '../../src/storage/store.ts'
import { claim, newEvent } from '../../src/testing/store-contract/support.ts'
import { emptied } from './sql-support.ts'

const pglite = await PGlite.create()
afterAll(() => pglite.close())

/** What has been done with each store so far. */
interface History {
  nowMs: number
  events: number
  readonly ids: string[]
  readonly held: Map<string, { readonly deliveryId: string; readonly token: string }>
}

/** Something to be done, the same with each store. The answer is what can be seen of it. */
interface Step {
  readonly what: string
  call(store: Store): Promise<unknown>
}

const lane = fc.constantFrom('a', 'b')
const dueInMs = fc.integer({ min: -15, max: 25 })
/** Chooses among what there is by then. */
const place = fc.nat({ max: 99 })
const at = <Item>(items: readonly Item[], index: number): Item | undefined => items[index % items.length]

const publishing = fc
  .record({
    subject: fc.constantFrom(undefined, 's'),
    parts: fc.array(fc.record({ lane, ordered: fc.boolean(), dueInMs }), { minLength: 1, maxLength: 2 }),
  })
  .map(({ subject, parts }) => (history: History): Step => {
    const id = `evt_${String(history.events++).padStart(4, '0')}`
    const due = parts.map(one => ({ lane: one.lane, ordered: one.ordered, dueAtMs: history.nowMs + one.dueInMs }))
    history.ids.push(...due.map((_, ordinal) => `${id}_${ordinal}`))
    const event = newEvent(due, { id, subject })
    return { what: `publish ${id} ${subject} ${JSON.stringify(due)}`, call: store => store.deliveries.enqueue([event]) }
  })

const claiming = fc.option(lane, { nil: undefined }).map(only => ({ nowMs, held }: History): Step => {
  const more = { token: `t${nowMs}`, leaseUntilMs: nowMs + 30, ...(only && { lanes: new Set([only]) }) }
  return {
    what: `claim ${only}`,
    async call(store) {
      const claimed = await claim(store, nowMs, more)
      for (const { delivery, token } of claimed) held.set(`${delivery.id} ${token}`, { deliveryId: delivery.id, token })
      return claimed.map(({ delivery: { id, crashes, triesUsed } }) => `${id} ${crashes} ${triesUsed}`).sort()
    },
  }
})

const settling = fc
  .record({ which: place, status: fc.constantFrom('succeeded', 'failed', 'cancelled', 'pending', 'returned') })
  .map(({ which, status }) => ({ nowMs, held }: History): Step => {
    const one = at([...held.values()], which)
    const again = { dueAtMs: nowMs + (status === 'pending' ? 10 : 0), triesUsed: 1 }
    const next = { status, atMs: nowMs, ...again } as Settlement['next']
    return {
      what: `settle ${one?.deliveryId} ${status}`,
      call: async store => one && store.deliveries.settle([{ ...one, next }]),
    }
  })

const changing = fc.oneof(
  fc.record({ which: place, dueInMs }).map(({ which, dueInMs }) => ({ nowMs, ids }: History): Step => {
    const id = at(ids, which) ?? ''
    return { what: `retry ${id}`, call: store => store.deliveries.retry({ ids: [id] }, nowMs + dueInMs) }
  }),
  place.map(which => ({ nowMs, ids }: History): Step => {
    const id = at(ids, which) ?? ''
    return { what: `cancel ${id}`, call: store => store.deliveries.cancel(id, nowMs) }
  }),
  fc
    .record({ lane, dueInMs, direction: fc.constantFrom('later', 'sooner') })
    .map(move => ({ nowMs }: History): Step => {
      const call = ({ deliveries }: Store) => deliveries.reschedule(move.lane, nowMs + move.dueInMs, move.direction)
      return { what: `move ${move.lane} ${move.direction} ${nowMs + move.dueInMs}`, call }
    }),
)

const step = fc.tuple(
  fc.integer({ min: 1, max: 15 }),
  fc.oneof(
    { weight: 3, arbitrary: publishing },
    { weight: 3, arbitrary: claiming },
    { weight: 4, arbitrary: settling },
    { weight: 2, arbitrary: changing },
  ),
)

async function stateOf({ deliveries }: Store): Promise<unknown> {
  const { items } = await deliveries.list({ limit: 250 })
  return items.map(({ id, status, dueAtMs, attempts, crashes }) => [id, status, dueAtMs, attempts, crashes])
}

const OTHERS: Readonly<Record<string, (clock: Clock) => Store | Promise<Store>>> = {
  SQLite: clock => sqliteStore(new Database(':memory:'), { clock }),
  PGlite: clock => emptied(postgresStore(pglite, { clock }), pglite),
}

it.each(Object.entries(OTHERS))('%s does what the plainest store does, whatever is asked', async (name, create) => {
  const property = fc.asyncProperty(fc.array(step, { maxLength: 60 }), fc.context(), async (steps, log) => {
    const history: History = { nowMs: 1_000, events: 0, ids: [], held: new Map() }
    const clock: Clock = { now: () => history.nowMs, setTimer: () => () => undefined }
    const other = await create(clock)
    const plain = memoryStore({ clock })
    for (const [waitMs, make] of steps) {
      history.nowMs += waitMs
      const { what, call } = make(history)
      log.log(`${history.nowMs} ${what}`)
      const [expected, seen] = [await call(plain), await call(other)]
      expect(seen).toEqual(expected)
      expect(await stateOf(other)).toEqual(await stateOf(plain))
    }
  })
  await fc.assert(property, { numRuns: name === 'SQLite' ? 200 : 20 })
})
