import { createSender } from 'crm-webhooks'
import { memoryStore } from 'crm-webhooks/storage/memory'
import {
  type SimulatedFaults,
  type SimulatedHost,
  type SimulatedWorld,
  SimulationError,
  simulate,
  simulateEveryCrash,
} from 'crm-webhooks/testing'
import { describe, expect, it } from 'vitest'
import { acme, acmeRequest, dealUpdated } from '../support/acme.ts'
import { bothEnds, publishOne, receiving, traffic } from './scenarios.ts'
import { STORM } from './support.ts'

/** The same promise as text, or why it was rejected. */
const endOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(String, (error: unknown) => (error instanceof Error ? error.message : 'something else'))

describe('the history', () => {
  const SCENARIOS = { traffic, 'on receipt': receiving('on-receipt', 4), 'at once': receiving('after-handling', 4) }

  it.each(Object.entries(SCENARIOS))('is the same for the same seed: %s', async (_name, scenario) => {
    const play = (seed: number) => simulate<unknown>({ seed, faults: STORM }, scenario)
    const histories = new Set<string>()
    for (const seed of [1, 2, 3, 4, 5]) {
      const first = await play(seed)
      const second = await play(seed)
      expect(second).toEqual(first)
      histories.add(first.history.join('\n'))
    }
    expect(histories.size).toBe(5)
  })

  it('tells what happened, in virtual time', async () => {
    const { history, steps } = await simulate({ crashAt: 'deliveries.settle:after' }, publishOne)
    const text = history.join('\n')
    for (const part of [
      /^ +0 ms {2}sender\.1: starts$/m,
      /ms {2}sender\.1: deliveries\.enqueue#1 evt_2$/m,
      /ms {2}ledger: accepted a$/m,
      /ms {2}sender\.1: POST https:\/\/inbox\.example\.com\/ arrives: 503$/m,
      /ms {2}sender\.1: deliveries\.settle#1: dies after$/m,
      /ms {2}sender\.2: starts$/m,
      /ms {2}sender\.2: deliveries\.claim#\d+ → evt_2_0 pending$/m,
      /ms {2}ledger: delivered a$/m,
    ]) {
      expect(text).toMatch(part)
    }
    expect(steps).toContain('sender/deliveries.settle#2')
  })
})

describe('a crash point', () => {
  it('must be reached, and must be one', async () => {
    expect(await endOf(simulate({ crashAt: 'deliveries.setle:after' }, publishOne))).toMatch(
      /^The crash point 'deliveries\.setle:after' was not reached\. Steps were: sender\/deliveries\.claim#1,/,
    )
    for (const crashAt of ['deliveries.settle', 'deliveries.settle#0:after', 'settle:later', '']) {
      expect(await endOf(simulate({ crashAt }, publishOne))).toContain(`not '${crashAt}'`)
    }
  })

  it('ends a process on the right side of the step', async () => {
    const inboxOf = async (crashAt: string) => {
      const { history } = await simulate({ crashAt }, publishOne)
      return history.filter(line => line.includes('arrives')).length
    }
    expect(await inboxOf('network.send#2:before')).toBe(2)
    expect(await inboxOf('network.send#2:after')).toBe(3)
  })

  it('is every step of every process, on both sides', async () => {
    const { steps } = await simulate({ seed: 4 }, bothEnds)
    const points = await simulateEveryCrash({ seed: 4 }, bothEnds)
    expect(points).toEqual(steps.flatMap(step => [`${step}:before`, `${step}:after`]))
  })
})

/** A process that does nothing by itself. */
const spawnIdle = (world: SimulatedWorld, lives: SimulatedHost[] = []) =>
  world.spawn('idle', host => {
    lives.push(host)
    return host
  })

describe('a process that dies', () => {
  it('takes its timers, its calls and whoever waits for it along', async () => {
    await simulate({ seed: 5 }, async world => {
      const lives: SimulatedHost[] = []
      const process = spawnIdle(world, lives)
      const seen: string[] = []
      await process.call(({ clock }) => void clock.setTimer(() => seen.push('timer'), 1_000))
      const waiting = endOf(process.call(({ store }) => store.endpoints.version().then(() => seen.push('answer'))))
      process.kill()
      expect(await waiting).toBe('simulated: idle.1 died')
      await world.sleep(120_000)
      expect([seen, lives.length]).toEqual([[], 2])
      lives[0]?.clock.setTimer(() => seen.push('late'), 1)
      void lives[0]?.store.endpoints.version().then(() => seen.push('late'))
      expect(await process.call(({ store }) => store.endpoints.version())).toBe('0')
      expect(seen).toEqual([])
    })
  })

  it('is asked again by those who insist, but not about their own mistakes', async () => {
    await simulate({ seed: 6 }, async world => {
      const process = spawnIdle(world)
      let tries = 0
      const answer = process.insist(({ step }) => step('work', () => ++tries))
      process.kill()
      expect(await answer).toBe(1)
      const mistake = process.insist(() => {
        throw new TypeError('no such thing')
      })
      expect(await endOf(mistake)).toBe('no such thing')
    })
  })

  it('leaves what was on its way to arrive or not', async () => {
    const arrived = new Set<number>()
    for (let seed = 1; seed <= 20; seed++) {
      await simulate({ seed }, async world => {
        const inbox = world.endpoint('https://inbox.example.com/')
        const process = spawnIdle(world)
        const request = { ...acmeRequest('{}'), headers: {}, url: inbox.url, timeoutMs: 1_000 }
        void endOf(process.call(({ transport }) => transport.send(request)))
        await world.sleep(1)
        process.kill()
        await world.sleep(1_000)
        arrived.add(inbox.arrivals.length)
      })
    }
    expect([...arrived].sort()).toEqual([0, 1])
  })
})

describe('faults', () => {
  const kinds = async (faults: SimulatedFaults) => {
    const { incidents } = await simulate({ seed: 7, faults }, async world => {
      const process = spawnIdle(world)
      for (let i = 0; i < 100; i++) await endOf(process.call(({ store }) => store.endpoints.version()))
    })
    return [...new Set(incidents.map(({ kind }) => kind))].sort()
  }

  it('are those that were asked for, and all of them', async () => {
    expect(await kinds({})).toEqual([])
    for (const kind of ['fail', 'kill', 'loseAnswer', 'pause', 'slow'] as const) {
      expect(await kinds({ [kind]: 0.2 })).toEqual([kind])
    }
    expect(await kinds({ fail: 0.1, kill: 0.1, loseAnswer: 0.1, pause: 0.1, slow: 0.1 })).toHaveLength(5)
  })

  it('leave alone what is done calmly, and end with settle', async () => {
    const { incidents, steps } = await simulate({ seed: 8, faults: { fail: 1 } }, async world => {
      const process = spawnIdle(world)
      const version = () => process.call(({ store }) => store.endpoints.version())
      expect(await world.calmly(version)).toBe('0')
      expect(await endOf(version())).toBe('simulated: endpoints.version failed')
      await world.settle()
      expect(await version()).toBe('0')
    })
    expect([incidents.length, steps]).toEqual([1, ['idle/endpoints.version#1', 'idle/endpoints.version#2']])
  })

  it('hit every method of a store, also one that it has beyond the interface', async () => {
    const store = () => ({ ...memoryStore(), more: { count: (by: number) => 40 + by } })
    await simulate({ crashAt: 'more.count#2:before', store }, async world => {
      const process = spawnIdle(world)
      const count = () => process.call(host => (host.store as unknown as ReturnType<typeof store>).more.count(2))
      expect(await count()).toBe(42)
      expect(await endOf(count())).toBe('simulated: idle.1 died')
    })
  })
})

describe('the network', () => {
  it('answers as it was told to, and times out', async () => {
    await simulate({ seed: 9 }, async world => {
      const slow = { status: 200, afterMs: 70_000 }
      const script = [{ status: 429, headers: { 'Retry-After': '7' }, body: 'later' }, 'hang', slow, 204] as const
      const inbox = world.endpoint('https://inbox.example.com/', script)
      const send = (url: string) => world.send({ ...acmeRequest('{}'), url }, { timeoutMs: 60_000 })
      const first = await send(inbox.url)
      expect(first).toMatchObject({ ok: true, status: 429, headers: { 'retry-after': '7' } })
      expect(await send(inbox.url)).toMatchObject({ ok: false, code: 'timeout', durationMs: 60_000 })
      expect(await send(inbox.url)).toMatchObject({ ok: false, code: 'timeout' })
      expect(await send(inbox.url)).toMatchObject({ ok: true, status: 204 })
      expect(await send('https://nowhere.example.com/')).toMatchObject({ ok: false, code: 'dns_failed' })
      expect(inbox.arrivals.map(({ status, heard }) => [status, heard])).toEqual([
        [429, true],
        [undefined, false],
        [200, false],
        [204, true],
      ])
    })
  })

  it('refuses connections to a process that is down, and cuts those to one that dies', async () => {
    await simulate({ seed: 10 }, async world => {
      const process = spawnIdle(world)
      const url = 'https://hooks.example.com/'
      world.serve(url, process, async ({ clock }) => {
        await new Promise<void>(resolve => clock.setTimer(resolve, 5_000))
        return { status: 200, headers: {}, body: 'done' }
      })
      const send = () => world.send({ ...acmeRequest(dealUpdated('1')), url })
      expect(await send()).toMatchObject({ ok: true, status: 200 })
      const cut = send()
      await world.sleep(1_000)
      process.kill()
      expect(await cut).toMatchObject({ ok: false, code: 'connection_reset' })
      expect(await send()).toMatchObject({ ok: false, code: 'connection_refused' })
      expect(acme().name).toBe('acme')
    })
  })
})

describe('the ledger', () => {
  it('fails a simulation in which something was lost, unexpected or changed, and tells how to repeat it', async () => {
    const scenario = async ({ ledger }: SimulatedWorld): Promise<void> => {
      ledger.attempted('never')
      ledger.accepted('lost')
      ledger.accepted('put away')
      ledger.gaveUp('put away')
      ledger.delivered('made up')
      ledger.accepted('twice')
      ledger.delivered('twice', 'so')
      ledger.delivered('twice', 'or so')
    }
    const failed: unknown = await simulate({ seed: 77 }, scenario).catch((error: unknown) => error)
    expect(failed).toBeInstanceOf(SimulationError)
    expect((failed as SimulationError).message).toMatch(
      /^lost: lost; unexpected: made up; changed: twice\nRepeat it with seed: 77\n.*ledger: accepted lost/s,
    )
    expect((failed as SimulationError).history).toHaveLength(7)
  })

  it('counts what was repeated, and what arrived though nobody was told that it would', async () => {
    const { ledger } = await simulate({}, async world => {
      world.ledger.accepted('twice')
      for (const _ of [1, 2]) world.ledger.delivered('twice', 'the same')
      world.ledger.attempted('unheard')
      world.ledger.delivered('unheard')
    })
    expect(ledger).toEqual({
      lost: [],
      unexpected: [],
      changed: [],
      duplicated: ['twice'],
      recovered: ['unheard'],
      deliveries: 3,
      valid: true,
    })
  })
})

describe('a scenario', () => {
  it('fails with its own error, when it waits for ever, and when it does not end', async () => {
    const failing = new Error('mine')
    const failed: unknown = await simulate({}, () => Promise.reject(failing)).catch((error: unknown) => error)
    expect((failed as SimulationError).cause).toBe(failing)
    expect(await endOf(simulate({}, () => new Promise(() => {})))).toMatch(/^It waits for something that never comes/)
    const endless = simulate({ maxEvents: 500 }, async world => {
      world.ledger.accepted('a')
      for (;;) await world.sleep(1)
    })
    expect(await endOf(endless)).toMatch(/^It did not end within 500 events\.\nNot delivered by then: a\n/)
    const broken = simulate({}, async world => {
      await world.spawn('broken', host => createSender({ ...host, maxDataBytes: -1 })).call(() => {})
    })
    expect(await endOf(broken)).toMatch(/^createSender: maxDataBytes must be/)
  })

  it('may wait for something real, while the world stands still', async () => {
    await simulate({}, async world => {
      const startMs = world.clock.now()
      world.clock.setTimer(() => {}, 5)
      const real = () => new Promise<string>(resolve => setTimeout(resolve, 20, 'real'))
      expect(await world.outside(real)).toBe('real')
      expect(world.clock.now()).toBe(startMs)
      expect(await endOf(world.outside(() => Promise.reject(new Error('no such file'))))).toBe('no such file')
    })
  })
})
