import { memoryStore } from 'crm-webhooks/storage/memory'
import { manualClock } from 'crm-webhooks/testing'
import { describe, expect, it } from 'vitest'
import { LocalLanes } from '../../src/queue/local-lanes.ts'
import type { AttemptEnd } from '../../src/queue/worker.ts'
import type { ClaimedDelivery, ClaimRequest } from '../../src/storage/store.ts'
import { Bench, countCalls, eventFor, succeeded } from './support.ts'

const many = (count: number, lane = 'a') => Array.from({ length: count }, () => eventFor([lane]))

describe('worker', () => {
  it('makes the attempts that are due, writes how they ended, and then rests', async () => {
    const bench = new Bench(() => 5)
    await bench.publish(eventFor(['a', 'b']))
    bench.worker.start()
    await bench.clock.advance(100)
    expect(bench.lanesRun().sort()).toEqual(['a', 'b'])
    expect(await bench.statuses()).toEqual({ succeeded: 2 })
    await bench.publish(eventFor(['c']))
    await bench.clock.advance(0)
    expect(bench.runs).toHaveLength(3)
  })

  it('wakes up for a delivery that falls due, and for one that another process stored', async () => {
    const bench = new Bench(() => 5, { pollMs: 60_000 })
    bench.worker.start()
    const start = bench.clock.now()
    await bench.publish(eventFor(['a'], { dueAtMs: start + 12_345 }))
    await bench.clock.advance(20_000)
    expect(bench.runs.map(({ startedAtMs }) => startedAtMs - start)).toEqual([12_345])
    await bench.store.deliveries.enqueue([eventFor(['b'])])
    await bench.clock.advance(60_000)
    expect(bench.lanesRun()).toEqual(['a', 'b'])
  })

  it('has no more under way than it has slots, and no more of a lane than that takes', async () => {
    const perLane = { now: 0, most: 0 }
    const bench = new Bench(() => 20, {
      slots: 8,
      laneLimit: () => 3,
      perform: async claimed => {
        if (claimed.delivery.lane !== 'a') return succeeded
        perLane.most = Math.max(perLane.most, ++perLane.now)
        await new Promise<void>(resolve => bench.clock.setTimer(resolve, 20))
        perLane.now--
        return succeeded
      },
    })
    bench.worker.start()
    await bench.publish(...many(40), ...many(10, 'b'))
    await bench.clock.advance(1_000)
    expect(perLane.most).toBe(3)
    expect(await bench.statuses()).toEqual({ succeeded: 50 })

    const full = new Bench(() => 20, { slots: 8 })
    full.worker.start()
    await full.publish(eventFor(Array.from({ length: 60 }, (_, i) => `lane-${i}`)))
    await full.clock.advance(1_000)
    expect(full.maxOpen).toBe(8)
    expect(full.runs).toHaveLength(60)
  })

  it('gives a lane more as it answers quickly: one, two, four, up to its limit', async () => {
    const bench = new Bench(() => 10, { laneLimit: () => 6 })
    bench.worker.start()
    await bench.publish(...many(40))
    const open: number[] = []
    for (let i = 0; i < 6; i++) {
      await bench.clock.advance(9)
      open.push(bench.open)
      await bench.clock.advance(1)
    }
    expect(open[0]).toBe(1)
    expect(open[1]).toBe(2)
    expect(Math.max(...open)).toBe(6)
  })

  it('starts no more of a lane than its limit is by now, whatever it took before', async () => {
    let limit = 10
    const bench = new Bench(() => 10, { laneLimit: () => limit })
    bench.worker.start()
    await bench.publish(...many(100))
    await bench.clock.advance(5_000)
    expect(bench.maxOpen).toBe(10)
    for (const next of [1, 3]) {
      limit = next
      bench.maxOpen = 0
      await bench.publish(...many(20))
      await bench.clock.advance(5_000)
      expect(bench.maxOpen).toBe(next)
    }
    expect(await bench.statuses()).toEqual({ succeeded: 140 })
  })

  it('takes a slow attempt out of the count, and leaves its lane with that one', async () => {
    const bench = new Bench(({ delivery }) => (delivery.lane.startsWith('hung') ? 10_000 : 5), { slots: 4 })
    bench.worker.start()
    const hung = Array.from({ length: 12 }, (_, i) => `hung-${i}`)
    await bench.publish(eventFor(hung), eventFor(hung))
    await bench.clock.advance(750)
    expect(bench.open).toBe(12)
    await bench.publish(eventFor(['fine']))
    await bench.clock.advance(0)
    expect(bench.lanesRun().at(-1)).toBe('fine')
    await bench.clock.advance(5_000)
    expect(bench.open).toBe(12)
    await bench.clock.advance(60_000)
    expect(await bench.statuses()).toEqual({ succeeded: 25 })
  })

  it('holds the slow ones to a bound of their own', async () => {
    const bench = new Bench(() => 100_000, { slots: 4, maxOpen: 10 })
    bench.worker.start()
    await bench.publish(eventFor(Array.from({ length: 30 }, (_, i) => `lane-${i}`)))
    await bench.clock.advance(5_000)
    expect(bench.maxOpen).toBe(10)
  })

  it('begins no more than its bound while what has ended is not written: others would repeat all of that', async () => {
    const clock = manualClock()
    const right = memoryStore({ clock })
    const held: Array<() => void> = []
    const settle: typeof right.deliveries.settle = async settlements => {
      await new Promise<void>(resolve => held.push(resolve))
      return right.deliveries.settle(settlements)
    }
    const deliveries = new Proxy(right.deliveries, {
      get(target, name) {
        const value: unknown = Reflect.get(target, name)
        if (name === 'settle' || typeof value !== 'function') return name === 'settle' ? settle : value
        return (...args: unknown[]): unknown => Reflect.apply(value, target, args) as unknown
      },
    })
    const bench = new Bench(() => 1, { slots: 4, maxOpen: 6, deliveries }, { clock, store: right })
    bench.worker.start()
    await bench.publish(eventFor(Array.from({ length: 30 }, (_, i) => `lane-${i}`)))
    await clock.advance(5_000)
    expect([bench.runs.length, bench.open]).toEqual([6, 0])
    expect(bench.worker.reserve('another')).toBeUndefined()
    for (let rounds = 0; rounds < 30; rounds++) {
      for (const go of held.splice(0)) go()
      await clock.advance(10)
    }
    expect(await bench.statuses()).toEqual({ succeeded: 30 })
  })

  it('goes on at once with what waited for another of its subject', async () => {
    const bench = new Bench(() => 10, { pollMs: 60_000, settleAfterMs: 3 })
    bench.worker.start()
    const start = bench.clock.now()
    await bench.publish(...Array.from({ length: 4 }, () => eventFor(['a'], { ordered: true, subject: 's' })))
    await bench.clock.advance(1_000)
    expect(bench.runs.map(({ startedAtMs }) => startedAtMs - start)).toEqual([0, 13, 26, 39])
    expect(bench.maxOpen).toBe(1)
  })

  it('serves only its direction and its lanes', async () => {
    const bench = new Bench(() => 1, { lanes: new Set(['a']), direction: 'inbound' })
    bench.worker.start()
    await bench.publish(eventFor(['a', 'b'], { direction: 'inbound' }), eventFor(['a']))
    await bench.clock.advance(10_000)
    expect(bench.runs.map(({ claimed }) => [claimed.delivery.lane, claimed.delivery.direction])).toEqual([
      ['a', 'inbound'],
    ])
  })

  it('tells when an outcome is written, and whether it counted', async () => {
    const told: Array<[string, boolean]> = []
    const bench = new Bench(() => 100, {
      onSettled: ({ claimed, end }, changed) => told.push([`${claimed.delivery.lane} ${end.next.status}`, changed]),
    })
    bench.worker.start()
    const event = eventFor(['a', 'b'])
    await bench.publish(event)
    await bench.clock.advance(50)
    await bench.store.deliveries.cancel(`${event.event.id}_1`, bench.clock.now())
    await bench.clock.advance(100)
    expect(told).toEqual([
      ['a succeeded', true],
      ['b succeeded', false],
    ])
    expect(await bench.statuses()).toEqual({ succeeded: 1, cancelled: 1 })
  })

  it('tries again in a minute when the attempt itself is broken', async () => {
    let fail = true
    const bench = new Bench(() => 1, {
      perform: async () => {
        if (fail) throw new Error('bug')
        return succeeded
      },
    })
    bench.worker.start()
    await bench.publish(eventFor(['a']))
    await bench.clock.advance(59_000)
    fail = false
    expect(await bench.statuses()).toEqual({ pending: 1 })
    expect(bench.logger.lines.filter(({ level }) => level === 'error')).toHaveLength(1)
    await bench.clock.advance(2_000)
    expect(await bench.statuses()).toEqual({ succeeded: 1 })
  })

  it('waits ever longer when the attempt stays broken, and gives it up after a day and a half', async () => {
    const triedAtMs: number[] = []
    const bench = new Bench(() => 1, {
      pollMs: 60_000,
      perform: async () => {
        triedAtMs.push(bench.clock.now())
        throw new Error('bug')
      },
    })
    bench.worker.start()
    await bench.publish(eventFor(['a']))
    await bench.clock.advance(2 * 86_400_000)
    const minutes = triedAtMs.slice(1).map((atMs, i) => Math.round((atMs - (triedAtMs[i] ?? 0)) / 60_000))
    expect(minutes).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1_024])
    expect((await bench.store.deliveries.list({})).items).toMatchObject([
      { status: 'failed', cause: 'unexpected_error', attempts: 0 },
    ])
  })
})

describe('leases', () => {
  it('are renewed for as long as an attempt lives', async () => {
    const bench = new Bench(() => 300_000, { leaseMs: 9_000 })
    bench.worker.start()
    await bench.publish(eventFor(['a']))
    await bench.clock.advance(0)
    const other = new Bench(() => 1, {}, bench)
    other.worker.start()
    await bench.clock.advance(301_000)
    expect([bench.runs.length, other.runs.length]).toEqual([1, 0])
    expect(await bench.statuses()).toEqual({ succeeded: 1 })
    await bench.worker.stop(0)
    await other.worker.stop(0)
    await bench.clock.advance(10_000)
    expect(bench.clock.pending).toBe(0)
  })

  it('of a worker that died run out, and another takes over', async () => {
    const bench = new Bench(() => 1)
    const start = bench.clock.now()
    await bench.store.deliveries.enqueue([eventFor(['a'])])
    const dead = { token: 'dead', leaseUntilMs: start + 5_000, nowMs: start, limit: 1, perLane: 1 }
    await bench.store.deliveries.claim({ ...dead, direction: 'outbound' })
    bench.worker.start()
    await bench.clock.advance(6_000)
    expect(bench.runs.map(({ startedAtMs, claimed }) => [startedAtMs - start, claimed.delivery.crashes])).toEqual([
      [5_000, 1],
    ])
  })

  it('that three workers died with are not tried a fourth time, and can be retried by hand', async () => {
    const told: AttemptEnd[] = []
    const bench = new Bench(() => 1, { onSettled: ({ end }) => told.push(end) })
    await bench.store.deliveries.enqueue([eventFor(['a'])])
    for (let i = 0; i < 3; i++) {
      const nowMs = bench.clock.now()
      const ticket = { token: `dead-${i}`, leaseUntilMs: nowMs + 10 }
      const claimed = await bench.store.deliveries.claim({
        ...ticket,
        nowMs,
        limit: 1,
        perLane: 1,
        direction: 'outbound',
      })
      expect(claimed).toHaveLength(1)
      await bench.clock.advance(10)
    }
    bench.worker.start()
    await bench.clock.advance(100)
    expect(bench.runs).toHaveLength(0)
    const [delivery] = (await bench.store.deliveries.list({})).items
    expect([delivery?.status, delivery?.crashes]).toEqual(['failed', 3])
    expect(delivery?.lastError).toMatch(/^set aside/)
    expect(told).toHaveLength(1)
    await bench.store.deliveries.retry({ status: 'failed' }, bench.clock.now())
    bench.worker.wake()
    await bench.clock.advance(100)
    expect(await bench.statuses()).toEqual({ succeeded: 1 })
  })

  it('that two workers died with are tried alone, so that only what they died of is set aside', async () => {
    const bench = new Bench(() => 100, { slots: 10, pollMs: 60_000 })
    await bench.store.deliveries.enqueue(['a', 'b', 'c'].map(lane => eventFor([lane])))
    for (let death = 0; death < 2; death++) {
      const nowMs = bench.clock.now()
      const dead = { token: `dead-${death}`, leaseUntilMs: nowMs + 10, nowMs, limit: 3, perLane: 1 }
      expect(await bench.store.deliveries.claim({ ...dead, direction: 'outbound' })).toHaveLength(3)
      await bench.clock.advance(10)
    }
    await bench.store.deliveries.enqueue([eventFor(['fresh'])])
    bench.worker.start()
    await bench.clock.advance(50)
    // Were this worker to die now, no other delivery would be blamed: it does not hold them.
    const nowMs = bench.clock.now()
    const other = { token: 'other', leaseUntilMs: nowMs + 10, nowMs, limit: 10, perLane: 1 }
    const free = await bench.store.deliveries.claim({ ...other, direction: 'outbound' })
    expect(bench.runs).toHaveLength(1)
    expect(free.map(({ delivery }) => delivery.crashes)).toEqual([2, 2, 0])
    await bench.clock.advance(2_000)
    const suspects = bench.runs.filter(({ lane }) => lane !== 'fresh')
    expect(suspects.length).toBe(1)
    expect(bench.maxOpen).toBe(1)
    expect(await bench.statuses()).toEqual({ succeeded: 2, failed: 2 })
  })

  it('that a worker died with are held in small numbers, so that few can be blamed for the next death', async () => {
    const takesMs = (lane: string): number => (lane === 'quick' ? 5 : 1_000)
    const options = { slots: 2, laneLimit: () => 1, slowAfterMs: Number.POSITIVE_INFINITY }
    const bench = new Bench(({ delivery }) => takesMs(delivery.lane), options)
    bench.worker.start()
    await bench.publish(...many(40, 'quick'))
    await bench.clock.advance(1_000)
    await bench.worker.stop(0)
    await bench.store.deliveries.enqueue(Array.from({ length: 30 }, (_, i) => eventFor([`lane-${i}`])))
    const nowMs = bench.clock.now()
    const dead = { token: 'dead', leaseUntilMs: nowMs + 10, nowMs, limit: 30, perLane: 1 }
    expect(await bench.store.deliveries.claim({ ...dead, direction: 'outbound' })).toHaveLength(30)
    await bench.clock.advance(10)
    const claimable = async (): Promise<number> => {
      const other = { token: 'other', leaseUntilMs: bench.clock.now() + 60_000, nowMs: bench.clock.now(), limit: 50 }
      return (await bench.store.deliveries.claim({ ...other, perLane: 1, direction: 'outbound' })).length
    }
    bench.worker.start()
    await bench.clock.advance(50)
    // Four times the slots, and no more while any of them is held.
    expect(await claimable()).toBe(30 - 8)
    await bench.store.deliveries.enqueue(Array.from({ length: 30 }, (_, i) => eventFor([`fresh-${i}`])))
    bench.worker.wake()
    await bench.clock.advance(900)
    expect(await claimable()).toBe(30)
    await bench.clock.advance(10_000)
    expect(bench.runs).toHaveLength(40 + 8)
  })

  it('that a worker died with come before what is held already', async () => {
    const lanes = new LocalLanes()
    const { store } = new Bench(() => 1)
    await store.deliveries.enqueue(many(4))
    const ask = { token: 't', leaseUntilMs: 9e12, nowMs: 1, limit: 4, perLane: 4, direction: 'outbound' } as const
    const [first, second, third, last] = await store.deliveries.claim(ask)
    if (!first || !second || !third || !last) throw new Error('nothing was claimed')
    for (const one of [first, second, third]) lanes.add(one)
    lanes.add({ ...last, delivery: { ...last.delivery, crashes: 1 } })
    expect(lanes.next(1)?.delivery.id).toBe(last.delivery.id)
    lanes.finished('a', false, 1)
    expect(lanes.next(1)?.delivery.id).toBe(first.delivery.id)
  })

  it('of what waits for its pace are given back before a last try', async () => {
    const paceMs = ({ delivery }: { delivery: { lane: string } }): number => (delivery.lane === 'paced' ? wait() : 0)
    const options = { pollMs: 60_000, slowAfterMs: Number.POSITIVE_INFINITY, paceMs }
    const bench: Bench = new Bench(() => 5_000, options)
    const wait = (): number => Math.max(0, start + 1_000 - bench.clock.now())
    const start = bench.clock.now()
    await bench.store.deliveries.enqueue([eventFor(['paced'])])
    bench.worker.start()
    await bench.clock.advance(1)
    await bench.store.deliveries.enqueue([eventFor(['suspect'])])
    for (let death = 0; death < 2; death++) {
      const nowMs = bench.clock.now()
      const dead = { token: `dead-${death}`, leaseUntilMs: nowMs + 10, nowMs, limit: 3, perLane: 1 }
      expect(await bench.store.deliveries.claim({ ...dead, direction: 'outbound' })).toHaveLength(1)
      await bench.clock.advance(10)
    }
    bench.worker.wake()
    await bench.clock.advance(20_000)
    expect(bench.lanesRun()).toEqual(['suspect', 'paced'])
    expect(bench.maxOpen).toBe(1)
  })

  it('that cannot be given back at once are blamed for nothing', async () => {
    const store = memoryStore()
    let isDown = false
    const deliveries = new Proxy(store.deliveries, {
      get(target, key) {
        if (key === 'settle' && isDown) return () => Promise.reject(new Error('the store is down'))
        const value: unknown = Reflect.get(target, key)
        return typeof value === 'function' ? (value.bind(target) as unknown) : value
      },
    })
    const clock = manualClock()
    const bench = new Bench(() => 100, { slots: 10, deliveries }, { clock, store: { ...store, deliveries } })
    await store.deliveries.enqueue(['a', 'b', 'c'].map(lane => eventFor([lane])))
    for (let death = 0; death < 2; death++) {
      const nowMs = clock.now()
      const dead = { token: `dead-${death}`, leaseUntilMs: nowMs + 10, nowMs, limit: 3, perLane: 1 }
      expect(await store.deliveries.claim({ ...dead, direction: 'outbound' })).toHaveLength(3)
      await clock.advance(10)
    }
    isDown = true
    bench.worker.start()
    await clock.advance(5_000)
    expect(bench.runs).toHaveLength(0)
    isDown = false
    await clock.advance(120_000)
    expect(await bench.statuses()).toEqual({ succeeded: 3 })
  })

  it('that ran out while the process slept are not begun', async () => {
    const bench = new Bench(() => 1, { slots: 1, slowAfterMs: Number.POSITIVE_INFINITY, paceMs: () => paceMs })
    let paceMs = 20_000
    bench.worker.start()
    await bench.publish(eventFor(['a']))
    await bench.clock.advance(10)
    // Nothing renews while the process sleeps; another one takes the delivery over.
    const deliveries = bench.store.deliveries
    const nowMs = bench.clock.now() + 40_000
    const other = { token: 'other', leaseUntilMs: nowMs + 60_000, nowMs, limit: 1, perLane: 1 }
    expect(await deliveries.claim({ ...other, direction: 'outbound' })).toHaveLength(1)
    await bench.clock.advance(15_000)
    paceMs = 0
    await bench.clock.advance(25_000)
    expect(bench.runs).toHaveLength(0)
    expect(bench.logger.lines.map(({ level }) => level)).toContain('warn')
  })
})

describe('direct hand-off', () => {
  it('starts a delivery without a claim, and gives its place back when it is not stored', async () => {
    const counted = countCalls(memoryStore())
    const clock = manualClock()
    const bench = new Bench(() => 5, { slots: 2, pollMs: 60_000 }, { clock, store: counted.store })
    expect(bench.worker.reserve('a')).toBeUndefined()
    bench.worker.start()
    await clock.advance(1)
    const claim = bench.worker.reserve('a')
    expect(bench.worker.reserve('a')).toBeUndefined()
    // As many as there are slots, as long as nobody knows how quickly they are answered.
    const others = ['other']
    for (const lane of others) expect(bench.worker.reserve(lane)).toBeDefined()
    expect(bench.worker.reserve('one-more')).toBeUndefined()
    for (const lane of others) bench.worker.unreserve(lane)
    if (claim === undefined) throw new Error('no room')
    const event = eventFor(['a'], { claim })
    await bench.store.deliveries.enqueue([event])
    const found = await bench.store.deliveries.get(`${event.event.id}_0`)
    if (found === undefined) throw new Error('not stored')
    bench.worker.run([{ ...found, token: claim.token }], claim.leaseUntilMs)
    expect(bench.runs).toHaveLength(1)
    await clock.advance(10)
    expect(await bench.statuses()).toEqual({ succeeded: 1 })
    expect(bench.worker.reserve('a')).toBeDefined()
  })

  it('is refused as long as the store holds something of the lane, so that nothing is overtaken', async () => {
    const bench = new Bench(() => 100, { slots: 4, laneLimit: () => 1 })
    bench.worker.start()
    await bench.clock.advance(1)
    const claim = bench.worker.reserve('a')
    expect(claim).toBeDefined()
    // The second and the third are left to the store, and the place of the first falls free.
    expect(bench.worker.reserve('a')).toBeUndefined()
    await bench.store.deliveries.enqueue(many(2))
    bench.worker.unreserve('a')
    expect(bench.worker.reserve('a')).toBeUndefined()
    expect(bench.worker.reserve('b')).toBeDefined()
    bench.worker.wake()
    await bench.clock.advance(50)
    expect(bench.lanesRun()).toEqual(['a'])
    expect(bench.worker.reserve('a')).toBeUndefined()
    await bench.clock.advance(300)
    expect(bench.lanesRun()).toEqual(['a', 'a'])
    expect(bench.worker.reserve('a')).toBeDefined()
  })

  it('does not keep what the store holds waiting, however much is published', async () => {
    const bench = new Bench(() => 10, { slots: 2, pollMs: 60_000 })
    bench.worker.start()
    await bench.clock.advance(1)
    const backlog = many(20)
    // More than two at once in 10 ms can do.
    for (let i = 0; i < 500; i++) {
      if (i === 200) await bench.publish(...backlog)
      const lane = `lane-${i % 40}`
      const claim = bench.worker.reserve(lane)
      const event = eventFor([lane], { dueAtMs: bench.clock.now(), ...(claim && { claim }) })
      await bench.store.deliveries.enqueue([event])
      const found = claim && (await bench.store.deliveries.get(`${event.event.id}_0`))
      if (found === undefined) bench.worker.wake()
      else bench.worker.run([{ ...found, token: claim?.token ?? '', ordered: false }], claim?.leaseUntilMs ?? 0)
      await bench.clock.advance(2)
    }
    expect(bench.lanesRun().filter(lane => lane === 'a').length).toBeGreaterThan(0)
  })

  it('leaves its place at once to what the store holds when it was not stored', async () => {
    const bench = new Bench(() => 5, { slots: 2, pollMs: 60_000 })
    bench.worker.start()
    await bench.clock.advance(0)
    expect(bench.worker.reserve('a')).toBeDefined()
    await bench.store.deliveries.enqueue(many(1))
    bench.worker.wake(['a'])
    await bench.clock.advance(0)
    expect(bench.runs).toHaveLength(0)
    bench.worker.unreserve('a')
    await bench.clock.advance(0)
    expect(bench.lanesRun()).toEqual(['a'])
  })

  it('is refused beyond what may be held, however many slots there are', async () => {
    const bench = new Bench(() => 5, { slots: 4, maxHeld: 3 })
    bench.worker.start()
    await bench.clock.advance(0)
    expect('abcd'.split('').map(lane => bench.worker.reserve(lane) !== undefined)).toEqual([true, true, true, false])
  })

  it.each([
    [5, 16],
    [50, 10],
    [200, 2.5],
  ])('for what is answered in %i ms may be made for %d times the slots', async (answerMs, factor) => {
    const bench = new Bench(() => answerMs, { slots: 10, laneLimit: () => 1 })
    bench.worker.start()
    for (let i = 0; i < 20; i++) await bench.publish(eventFor([`warm-${i}`, `warmer-${i}`]))
    await bench.clock.advance(20_000)
    let places = 0
    while (bench.worker.reserve(`lane-${places}`) !== undefined) places++
    expect(places).toBeGreaterThan(factor * 10 * 0.9)
    expect(places).toBeLessThanOrEqual(factor * 10 * 1.1)
  })

  it('leaves many for one claim', async () => {
    const counted = countCalls(memoryStore())
    const bench = new Bench(() => 5, { laneLimit: () => 5 }, { clock: manualClock(), store: counted.store })
    bench.worker.start()
    await bench.publish(...many(1_000))
    await bench.clock.advance(2_000)
    expect(await bench.statuses()).toEqual({ succeeded: 1_000 })
    // The lane may hold 80, and is claimed for when half of that has gone.
    expect(counted.calls.claim).toBeLessThan(2 * (1_000 / 40))
  })

  it('leaves what was told of while there was no room for when there is', async () => {
    const bench = new Bench(() => 100, { slots: 2, pollMs: 60_000 })
    bench.worker.start()
    await bench.clock.advance(1)
    for (const lane of ['a', 'b']) {
      const reserved = await bench.storeReserved(lane)
      reserved.handOver()
    }
    await bench.publish(eventFor(['c']))
    await bench.clock.advance(1_000)
    expect(bench.lanesRun()).toEqual(['a', 'b', 'c'])
  })

  it('is given back when the worker stops meanwhile, and the stop waits for it', async () => {
    const bench = new Bench(() => 5)
    bench.worker.start()
    await bench.clock.advance(1)
    const claim = bench.worker.reserve('a')
    if (claim === undefined) throw new Error('no room')
    let stopped = false
    const stopping = bench.worker.stop(1_000).then(() => {
      stopped = true
    })
    const event = eventFor(['a'], { claim })
    await bench.store.deliveries.enqueue([event])
    const found = await bench.store.deliveries.get(`${event.event.id}_0`)
    await bench.clock.advance(0)
    expect(stopped).toBe(false)
    if (found === undefined) throw new Error('not stored')
    bench.worker.run([{ ...found, token: claim.token }], claim.leaseUntilMs)
    await stopping
    expect(bench.runs).toHaveLength(0)
    const nowMs = bench.clock.now()
    const next = { token: 't', leaseUntilMs: nowMs + 1, nowMs, limit: 1, perLane: 1, direction: 'outbound' } as const
    expect((await bench.store.deliveries.claim(next))[0]?.delivery.crashes).toBe(0)
  })

  it('gives no place in a lane that is slow, or waits for its pace', async () => {
    let paceMs = 0
    const bench = new Bench(() => 10_000, { paceMs: () => paceMs })
    bench.worker.start()
    await bench.publish(eventFor(['slow']))
    await bench.clock.advance(300)
    expect(bench.worker.reserve('slow')).toBeUndefined()
    paceMs = 500
    await bench.publish(eventFor(['paced']))
    await bench.clock.advance(0)
    expect(bench.worker.reserve('paced')).toBeUndefined()
    expect(bench.worker.reserve('other')).toBeDefined()
  })
})

describe('a lane', () => {
  /** A worker whose claims are noted, and what is told of other processes. */
  const noted = (script: (lane: string) => number, options: object = {}) => {
    const clock = manualClock()
    const store = memoryStore({ clock })
    const claims: Array<readonly string[] | undefined> = []
    let tell: (lanes?: ReadonlyArray<{ direction: 'inbound' | 'outbound'; lane: string }>) => void = () => {}
    const own = {
      claim: (request: ClaimRequest) => {
        claims.push(request.lanes && [...request.lanes])
        return store.deliveries.claim(request)
      },
      onEnqueued: (wake: typeof tell) => {
        tell = wake
        return () => {}
      },
    }
    const deliveries = new Proxy(store.deliveries, {
      get(target, name) {
        const value: unknown = Reflect.get(name in own ? own : target, name)
        return typeof value === 'function' ? (value.bind(target) as unknown) : value
      },
    })
    const bench = new Bench(
      ({ delivery }) => script(delivery.lane),
      { deliveries, pollMs: 60_000, ...options },
      { clock, store },
    )
    const enqueue = async (lane: string, more: object = {}): Promise<void> => {
      await store.deliveries.enqueue([eventFor([lane], { dueAtMs: clock.now(), ...more })])
      tell([{ direction: 'outbound', lane }])
      await clock.advance(0)
    }
    return { bench, clock, claims, enqueue, tell: (...lanes: Parameters<typeof tell>) => tell(...lanes) }
  }

  it('is claimed for alone when something was enqueued in it', async () => {
    const { bench, claims, enqueue } = noted(() => 5)
    bench.worker.start()
    await bench.clock.advance(0)
    expect(claims.splice(0)).toEqual([undefined])
    await enqueue('a')
    await bench.clock.advance(100)
    expect(bench.lanesRun()).toEqual(['a'])
    // One that finds it, and one that finds no more once there is room for more.
    expect(claims.splice(0)).toEqual([['a'], ['a']])
  })

  it('that has all it may have is left alone until it has room, whoever tells of it', async () => {
    const { bench, claims, enqueue, tell } = noted(lane => (lane === 'slow' ? 10_000 : 5))
    bench.worker.start()
    await enqueue('slow')
    await bench.clock.advance(1_000)
    claims.splice(0)
    for (let i = 0; i < 50; i++) await enqueue('slow')
    tell([{ direction: 'inbound', lane: 'other' }])
    await bench.clock.advance(5_000)
    expect(claims).toEqual([])
    await enqueue('quick')
    await bench.clock.advance(1_000)
    expect(claims.splice(0)).toEqual([['quick'], ['quick']])
    await bench.clock.advance(9_000)
    expect(bench.lanesRun()).toEqual(['slow', 'quick', 'slow'])
    expect(claims).toEqual([['slow']])
  })

  it('that has all it may have gets what fell due meanwhile once it has room', async () => {
    const { bench, clock } = noted(() => 10_000)
    const from = clock.now()
    await bench.store.deliveries.enqueue([eventFor(['a'], { dueAtMs: from + 1_000 })])
    bench.worker.start()
    await clock.advance(0)
    const reserved = await bench.storeReserved('a')
    reserved.handOver()
    await clock.advance(30_000)
    expect(bench.runs.map(({ startedAtMs }) => startedAtMs - from)).toEqual([0, 10_000])
  })

  it('gets what another process stored while its last place was taken, once it has room', async () => {
    const { bench, clock, tell } = noted(() => 5)
    bench.worker.start()
    await clock.advance(0)
    const elsewhere = eventFor(['a'], { dueAtMs: clock.now() })
    await bench.store.deliveries.enqueue([elsewhere])
    // It is told of while another lane is being claimed for, and so is the place taken.
    tell([{ direction: 'outbound', lane: 'b' }])
    tell([{ direction: 'outbound', lane: 'a' }])
    const reserved = await bench.storeReserved('a')
    await clock.advance(0)
    reserved.handOver()
    await clock.advance(1_000)
    expect(bench.runs.map(({ id }) => id)).toEqual([reserved.id, `${elsewhere.event.id}_0`])
  })

  it('gets its retry when that is due, however seldom the store is asked', async () => {
    for (const ordered of [false, true]) {
      const { bench, clock, enqueue } = noted(() => 5, {
        perform: async (claimed: ClaimedDelivery): Promise<AttemptEnd> => {
          starts.push(clock.now() - from)
          return claimed.delivery.triesUsed === 0
            ? { next: { status: 'pending', dueAtMs: clock.now() + 700, triesUsed: 1 } }
            : succeeded
        },
      })
      const from = clock.now()
      const starts: number[] = []
      bench.worker.start()
      await enqueue('a', { ordered, subject: 's' })
      await clock.advance(3_000)
      expect(starts).toEqual([0, 700])
    }
  })
})

describe('pace', () => {
  it('is kept without asking the store again and again', async () => {
    let allowedAtMs = 0
    const clock = manualClock()
    const counted = countCalls(memoryStore({ clock }))
    const paceMs = (): number => {
      const waitMs = Math.max(0, allowedAtMs - clock.now())
      if (waitMs === 0) allowedAtMs = clock.now() + 1_000
      return waitMs
    }
    const bench = new Bench(
      () => 5,
      { paceMs: claimed => (claimed.delivery.lane === 'a' ? paceMs() : 0) },
      {
        clock,
        store: counted.store,
      },
    )
    bench.worker.start()
    const start = clock.now()
    await bench.publish(...many(30), ...many(5, 'free'))
    await clock.advance(29_500)
    const starts = bench.runs.filter(({ lane }) => lane === 'a').map(({ startedAtMs }) => startedAtMs - start)
    expect(starts).toEqual(Array.from({ length: 30 }, (_, i) => i * 1_000))
    expect(bench.runs.filter(({ lane }) => lane === 'free').every(one => one.startedAtMs - start < 50)).toBe(true)
    // For each delivery: one claim that finds it, one or two that find nothing, and one settlement.
    expect(counted.calls.claim).toBeLessThan(35 * 4)
    expect(counted.calls.settle).toBeLessThan(35 * 2)
  })

  it('goes on when the clock is put back', async () => {
    let offsetMs = 0
    let waitMs = 500
    const clock = manualClock()
    const setBack = { ...clock, now: () => clock.now() + offsetMs }
    const store = memoryStore({ clock: setBack })
    const bench = new Bench(() => 5, { clock: setBack, paceMs: () => waitMs }, { clock, store })
    bench.worker.start()
    await bench.publish(eventFor(['a']))
    await clock.advance(10)
    offsetMs = -3_600_000
    waitMs = 0
    await clock.advance(2_000)
    expect(bench.runs).toHaveLength(1)
  })

  it.each([5_000, 3_600_000])('that is no longer asked for, of %i ms, holds nothing up for long', async waitMs => {
    let paceMs = waitMs
    const bench = new Bench(() => 5, { paceMs: () => paceMs })
    bench.worker.start()
    await bench.publish(...many(3))
    await bench.clock.advance(2_500)
    expect(bench.runs).toHaveLength(0)
    paceMs = 0
    // What is held is looked at after a poll; what was given back, after a lease.
    await bench.clock.advance(waitMs > 30_000 ? 32_000 : 2_000)
    expect(await bench.statuses()).toEqual({ succeeded: 3 })
  })

  it('is asked for again without a claim for each lane, however many wait', async () => {
    const clock = manualClock(Date.UTC(2026, 0, 5, 9) + 123)
    const counted = countCalls(memoryStore({ clock }))
    const bench = new Bench(() => 5, { paceMs: () => 600_000, leaseMs: 900_000 }, { clock, store: counted.store })
    bench.worker.start()
    for (let i = 0; i < 40; i++) {
      await bench.publish(eventFor([`lane-${i}`]))
      await clock.advance(17)
    }
    const before = { ...counted.calls }
    await clock.advance(60_000)
    expect((counted.calls.claim ?? 0) - (before.claim ?? 0)).toBeLessThanOrEqual(61)
    expect(counted.calls.settle).toBe(before.settle)
  })

  it.each([20_000, 600])('of %i ms of many lanes leaves their places to the others', async waitMs => {
    const clock = manualClock()
    const counted = countCalls(memoryStore({ clock }))
    const from = clock.now()
    const isPaced = (lane: string): boolean => lane.startsWith('paced')
    const bench = new Bench(
      () => 5,
      {
        slots: 2,
        paceMs: ({ delivery }) => (isPaced(delivery.lane) ? Math.max(0, from + waitMs - clock.now()) : 0),
      },
      { clock, store: counted.store },
    )
    bench.worker.start()
    await bench.publish(...Array.from({ length: 20 }, (_, i) => eventFor([`paced-${i}`])))
    await clock.advance(50)
    const others = many(20, 'other')
    await bench.publish(...others)
    await clock.advance(500)
    expect(bench.lanesRun()).toEqual(others.map(() => 'other'))
    expect(bench.worker.reserve('one-more')).toBeDefined()
    bench.worker.unreserve('one-more')
    await clock.advance(waitMs)
    expect(await bench.statuses()).toEqual({ succeeded: 40 })
    expect(bench.runs).toHaveLength(40)
    // Some are held, and the others given back once.
    expect(counted.calls.settle).toBeLessThan(100)
  })

  it('keeps a worker going that has room for nothing else', async () => {
    let paceMs = 5_000
    const bench = new Bench(() => 5, { slots: 1, paceMs: () => paceMs })
    bench.worker.start()
    await bench.publish(...many(3))
    await bench.clock.advance(60_000)
    paceMs = 0
    await bench.clock.advance(3_000)
    expect(await bench.statuses()).toEqual({ succeeded: 3 })
  })

  it('gives back what must wait for long', async () => {
    const bench = new Bench(() => 5, { paceMs: ({ delivery }) => (delivery.lane === 'a' ? 3_600_000 : 0) })
    bench.worker.start()
    await bench.publish(...many(3))
    await bench.clock.advance(100)
    const nowMs = bench.clock.now()
    const ticket = { token: 't', leaseUntilMs: nowMs + 1, nowMs, limit: 9, perLane: 9, direction: 'outbound' } as const
    expect(await bench.store.deliveries.claim(ticket)).toHaveLength(3)
  })
})

describe('drain', () => {
  it('runs what is due, and what falls due meanwhile, and returns', async () => {
    const bench = new Bench(() => 10, { slots: 2 })
    await bench.store.deliveries.enqueue(many(9))
    await bench.store.deliveries.enqueue([eventFor(['b'], { dueAtMs: bench.clock.now() + 3_600_000 })])
    const drained = bench.worker.drain()
    await bench.clock.advance(1_000)
    expect(await drained).toBe(9)
    expect(await bench.statuses()).toEqual({ succeeded: 9, pending: 1 })
    await bench.clock.advance(1_000)
    expect(bench.clock.pending).toBe(0)
    expect(await bench.worker.drain()).toBe(0)
  })

  it('waits for an order, and for a pace only when the worker runs anyway', async () => {
    const paced = (everyMs: number, allowedAtMs = 0): Bench => {
      const bench: Bench = new Bench(() => 10, {
        paceMs: ({ delivery }) => {
          const waitMs = delivery.lane === 'free' ? 0 : Math.max(0, allowedAtMs - bench.clock.now())
          if (waitMs === 0) allowedAtMs = bench.clock.now() + everyMs
          return waitMs
        },
      })
      return bench
    }
    const bench = paced(50_000)
    const ordered = { ordered: true, subject: 's' }
    await bench.store.deliveries.enqueue([...many(3), eventFor(['free'], ordered), eventFor(['free'], ordered)])
    const drained = bench.worker.drain()
    await bench.clock.advance(1_000)
    expect(await drained).toBe(3)
    expect(bench.lanesRun().sort()).toEqual(['a', 'free', 'free'])
    expect(bench.clock.pending).toBe(0)
    const again = bench.worker.drain()
    await bench.clock.advance(0)
    expect(await again).toBe(0)
    await bench.clock.advance(50_000)
    const later = bench.worker.drain()
    await bench.clock.advance(1_000)
    expect(await later).toBe(1)
    expect(await bench.statuses()).toEqual({ succeeded: 4, pending: 1 })

    const running = paced(20_000)
    await running.store.deliveries.enqueue(many(3))
    running.worker.start()
    const all = running.worker.drain()
    await running.clock.advance(41_000)
    expect(await all).toBe(3)
  })

  it('runs what is due although the store failed once in between', async () => {
    const clock = manualClock()
    const store = memoryStore({ clock })
    let claims = 0
    const deliveries = new Proxy(store.deliveries, {
      get(target, name) {
        const value: unknown = Reflect.get(target, name)
        if (typeof value !== 'function') return value
        if (name === 'claim' && ++claims === 2) return () => Promise.reject(new Error('down'))
        return value.bind(target) as unknown
      },
    })
    const takesMs = (lane: string): number => (lane === 'a' ? 10 : 15)
    const bench = new Bench(({ delivery }) => takesMs(delivery.lane), { deliveries, slots: 4 }, { clock, store })
    await store.deliveries.enqueue(['a', 'b', 'c', 'd', 'e', 'f'].map(lane => eventFor([lane])))
    const drained = bench.worker.drain()
    await clock.advance(1_000)
    expect(await drained).toBe(6)
  })

  it('rejects when the store does', async () => {
    const store = memoryStore()
    const clock = manualClock()
    const deliveries = new Proxy(store.deliveries, {
      get: (target, name) =>
        name === 'claim' ? () => Promise.reject(new Error('down')) : (Reflect.get(target, name) as unknown),
    })
    const bench = new Bench(() => 1, { deliveries }, { clock, store })
    await expect(bench.worker.drain()).rejects.toThrow('down')
  })
})

describe('stop', () => {
  it('under load finishes what began, repeats nothing and loses nothing', async () => {
    const bench = new Bench(() => 40, { slots: 10 })
    bench.worker.start()
    const lanes = Array.from({ length: 20 }, (_, i) => `lane-${i}`)
    for (let i = 0; i < 10; i++) await bench.publish(eventFor(lanes))
    await bench.clock.advance(100)
    const stopped = bench.worker.stop(5_000)
    const begun = bench.runs.length
    await bench.clock.advance(5_000)
    await stopped
    expect(bench.runs).toHaveLength(begun)
    expect(await bench.statuses()).toEqual({ succeeded: begun, pending: 200 - begun })
    const second = new Bench(() => 1, {}, bench)
    second.worker.start()
    await second.clock.advance(1_000)
    const ids = [...bench.runs, ...second.runs].map(({ id }) => id)
    expect([ids.length, new Set(ids).size]).toEqual([200, 200])
    expect(second.runs.every(({ claimed }) => claimed.delivery.crashes === 0)).toBe(true)
  })

  it('aborts what takes longer than the grace, and never waits for long after that', async () => {
    const bench = new Bench(() => Number.POSITIVE_INFINITY)
    bench.worker.start()
    await bench.publish(eventFor(['a']))
    await bench.clock.advance(10)
    const stopped = bench.worker.stop(3_000)
    await bench.clock.advance(3_000)
    await stopped
    expect(bench.open).toBe(0)
    expect(await bench.statuses()).toEqual({ pending: 1 })

    const deaf = new Bench(() => 1, { perform: () => new Promise(() => {}) })
    deaf.worker.start()
    await deaf.publish(eventFor(['a']))
    await deaf.clock.advance(10)
    const gone = deaf.worker.stop(3_000)
    await deaf.clock.advance(4_000)
    await gone
    expect(await deaf.statuses()).toEqual({ pending: 1 })
  })

  it('can be followed by a start', async () => {
    const bench = new Bench(() => 5)
    bench.worker.start()
    await bench.clock.advance(10)
    const stopped = bench.worker.stop(0)
    await bench.clock.advance(1)
    await stopped
    await bench.publish(eventFor(['a']))
    await bench.clock.advance(2_000)
    expect(bench.runs).toHaveLength(0)
    bench.worker.start()
    await bench.clock.advance(10)
    expect(await bench.statuses()).toEqual({ succeeded: 1 })
  })
  it('that is followed by a start ends there: nothing is aborted, old or new', async () => {
    const bench = new Bench(() => 20_000)
    bench.worker.start()
    await bench.publish(eventFor(['a']))
    await bench.clock.advance(10)
    const stopped = bench.worker.stop(15_000)
    await bench.clock.advance(10_000)
    bench.worker.start()
    await stopped
    await bench.publish(eventFor(['b']))
    await bench.clock.advance(60_000)
    expect(bench.runs.map(({ startedAtMs, endedAtMs = 0 }) => endedAtMs - startedAtMs)).toEqual([20_000, 20_000])
    expect(await bench.statuses()).toEqual({ succeeded: 2 })
  })

  it('goes before a drain that is asked for meanwhile', async () => {
    const bench = new Bench(() => 100)
    bench.worker.start()
    await bench.publish(...many(5))
    await bench.clock.advance(10)
    let ended = false
    const stopped = bench.worker.stop(5_000).then(() => {
      ended = true
    })
    const drained = bench.worker.drain()
    await bench.clock.advance(89)
    expect([ended, bench.runs.length]).toEqual([false, 1])
    await bench.clock.advance(1)
    expect([ended, bench.runs.length > 1]).toEqual([true, true])
    await bench.clock.advance(1_000)
    await stopped
    expect(await drained).toBe(4)
    expect(await bench.statuses()).toEqual({ succeeded: 5 })
  })

  it('that comes after a drain has been asked for is not undone by it', async () => {
    const bench = new Bench(() => 100)
    bench.worker.start()
    await bench.publish(...many(5))
    await bench.clock.advance(10)
    const stops = [bench.worker.stop(5_000)]
    const drained = bench.worker.drain()
    stops.push(bench.worker.stop(5_000))
    await bench.clock.advance(10_000)
    await Promise.all(stops)
    expect(await drained).toBe(0)
    expect(bench.runs).toHaveLength(1)
    expect(bench.clock.pending).toBe(0)
  })
})
