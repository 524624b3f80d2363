import { afterAll, describe, expect, it } from 'vitest'
import { seeded } from '../../src/testing/simulation/seeded.ts'
import type { Arrival } from './children/endpoint.ts'
import { checkBooks } from './harness/books.ts'
import { killWorkers } from './harness/kills.ts'
import { stopServer } from './harness/places.ts'
import { withRig } from './harness/rig.ts'

afterAll(stopServer, 60_000)

const PAIR = { path: '/a', number: 1 }
const ARRIVAL: Arrival = {
  ...PAIR,
  atMs: 1_000,
  answerAtMs: 1_010,
  worker: 'one',
  webhookId: 'evt_1',
  deliveryId: 'evt_1_0',
  status: 200,
  digest: 'aa',
  timestamp: 1,
  signed: true,
}

function booksOf(arrivals: readonly Arrival[], givenUp: readonly { path: string; number: number }[] = []) {
  return checkBooks({ accepted: [PAIR], submitted: [PAIR, { ...PAIR, number: 2 }], givenUp, arrivals })
}

describe('the check of what arrived', () => {
  it('finds nothing where everything came once', () => {
    const failed = { ...ARRIVAL, status: 500 }
    const clean = { accepted: 1, lost: 0, unexpected: 0, duplicates: 0, recovered: 0, altered: 0, wronglySigned: 0 }
    expect(booksOf([failed, ARRIVAL])).toEqual({ ...clean, mostRequests: 2 })
  })

  it('sees what is lost, unless it was given up on record', () => {
    expect(booksOf([]).lost).toBe(1)
    expect(booksOf([{ ...ARRIVAL, status: 500 }]).lost).toBe(1)
    expect(booksOf([], [PAIR]).lost).toBe(0)
  })

  it('sees what nobody submitted, and what arrived without having been accepted', () => {
    expect(booksOf([ARRIVAL, { ...ARRIVAL, number: 3 }]).unexpected).toBe(1)
    expect(booksOf([ARRIVAL, { ...ARRIVAL, number: 2 }])).toMatchObject({ unexpected: 0, recovered: 1 })
  })

  it('sees repeats, and which of them are not what they should be', () => {
    const again = { ...ARRIVAL, timestamp: 5 }
    expect(booksOf([ARRIVAL, again])).toMatchObject({ duplicates: 1, altered: 0, wronglySigned: 0 })
    expect(booksOf([ARRIVAL, { ...again, digest: 'bb' }]).altered).toBe(1)
    expect(booksOf([ARRIVAL, { ...again, webhookId: 'evt_2' }]).altered).toBe(1)
    expect(booksOf([ARRIVAL, { ...again, signed: false }]).wronglySigned).toBe(1)
    expect(booksOf([ARRIVAL, { ...again, timestamp: 1 }]).wronglySigned).toBe(1)
  })

  it('sees what a worker loses that records success before it posts', { timeout: 180_000 }, async () => {
    const books = await withRig({ kind: 'SQLite', seed: 4 }, async rig => {
      const wrong = { fault: 'records-before-posting' } as const
      const workers = [await rig.worker('one', wrong)]
      await rig.producer(2_000, { pauseMs: 5 })
      await killWorkers(workers, { kills: 2, random: seeded(4), restart: name => rig.worker(name, wrong) })
      await rig.drained(120_000)
      return rig.books()
    })
    expect(books?.lost).toBeGreaterThan(0)
    expect(books?.unexpected).toBe(0)
  })
})
