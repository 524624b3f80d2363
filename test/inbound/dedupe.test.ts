import { createReceiver, type DedupeStore } from 'crm-webhooks'
import { memoryStore } from 'crm-webhooks/storage/memory'
import { manualClock } from 'crm-webhooks/testing'
import { describe, expect, it, vi } from 'vitest'
import { acme, acmeRequest, dealUpdated, recordingLogger } from '../support/acme.ts'
import { thenable } from '../support/thenable.ts'

describe('a repeated event', () => {
  it('is answered as a duplicate when it was handled', async () => {
    const receiver = createReceiver({ provider: acme() })
    const handler = vi.fn()
    const duplicate = vi.fn()
    receiver.on('*', handler)
    receiver.lifecycle.on('duplicate', duplicate)
    await receiver.receive(acmeRequest(dealUpdated('1')))
    const again = await receiver.receive(acmeRequest(dealUpdated('1')))
    expect(again.status).toBe(200)
    expect(JSON.parse(again.body)).toMatchObject({ status: 'ok', duplicate: true, total: 0 })
    expect(handler).toHaveBeenCalledOnce()
    expect(duplicate).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ inProgress: false }))
  })

  it('runs again when its handler failed', async () => {
    const receiver = createReceiver({ provider: acme() })
    const handler = vi.fn().mockRejectedValueOnce(new Error('no'))
    receiver.on('*', handler)
    expect((await receiver.receive(acmeRequest(dealUpdated('1')))).status).toBe(500)
    expect((await receiver.receive(acmeRequest(dealUpdated('1')))).status).toBe(200)
    expect(handler).toHaveBeenCalledTimes(2)
  })

  it('is told to come back while the first one runs', async () => {
    const receiver = createReceiver({ provider: acme() })
    let finish = (): void => {}
    const handler = vi.fn(() => new Promise<undefined>(resolve => (finish = () => resolve(undefined))))
    receiver.on('*', handler)
    const first = receiver.receive(acmeRequest(dealUpdated('1')))
    await vi.waitFor(() => expect(handler).toHaveBeenCalled())
    const second = await receiver.receive(acmeRequest(dealUpdated('1')))
    expect(second.status).toBe(409)
    expect(Number(second.headers['retry-after'])).toBeGreaterThan(0)
    finish()
    expect((await first).status).toBe(200)
    expect(handler).toHaveBeenCalledOnce()
  })

  it('runs once however many come at once', async () => {
    const receiver = createReceiver({ provider: acme() })
    const handler = vi.fn(async () => Promise.resolve(undefined))
    receiver.on('*', handler)
    const answers = await Promise.all(
      Array.from({ length: 50 }, async () => receiver.receive(acmeRequest(dealUpdated('1')))),
    )
    expect(handler).toHaveBeenCalledOnce()
    expect(answers.filter(answer => answer.status === 200)).toHaveLength(1)
    expect(answers.filter(answer => answer.status === 409)).toHaveLength(49)
  })

  it('waits for a handler that was too slow to answer, and then counts as handled', async () => {
    const clock = manualClock()
    const logger = recordingLogger()
    const receiver = createReceiver({ provider: acme(), clock, logger })
    let finish = (): void => {}
    const handler = vi.fn(() => new Promise<undefined>(resolve => (finish = () => resolve(undefined))))
    receiver.on('*', handler)
    const first = receiver.receive(acmeRequest(dealUpdated('1')))
    await clock.advance(9_000)
    expect((await first).status).toBe(500)
    expect((await receiver.receive(acmeRequest(dealUpdated('1')))).status).toBe(409)
    finish()
    await clock.advance(0)
    const again = await receiver.receive(acmeRequest(dealUpdated('1')))
    expect(JSON.parse(again.body)).toMatchObject({ duplicate: true })
    expect(handler).toHaveBeenCalledOnce()
    expect(logger.lines.map(line => line.message)).toEqual([
      'webhook handler took too long',
      'webhook handler finished after the answer',
    ])
  })

  it('runs again when the process that claimed it is gone', async () => {
    const clock = manualClock()
    const receiver = createReceiver({ provider: acme(), clock, dedupe: { claimSeconds: 60 } })
    const handler = vi.fn().mockReturnValueOnce(new Promise(() => {}))
    receiver.on('*', handler)
    const lost = receiver.receive(acmeRequest(dealUpdated('1')))
    await clock.advance(59_000)
    await lost
    expect((await receiver.receive(acmeRequest(dealUpdated('1')))).status).toBe(409)
    await clock.advance(1_000)
    expect((await receiver.receive(acmeRequest(dealUpdated('1')))).status).toBe(200)
    expect(handler).toHaveBeenCalledTimes(2)
  })

  it('is forgotten after its time: sooner where the id is only the digest of the body', async () => {
    const clock = manualClock()
    const receiver = createReceiver({ provider: acme(), clock })
    const handler = vi.fn()
    receiver.on('*', handler)
    const own = acmeRequest(dealUpdated('1'))
    const digest = acmeRequest({ ...(dealUpdated('2') as object), idSource: 'digest' })
    for (const request of [own, digest]) await receiver.receive(request)
    await clock.advance(59_999)
    for (const request of [own, digest]) await receiver.receive(request)
    expect(handler).toHaveBeenCalledTimes(2)
    await clock.advance(1)
    for (const request of [own, digest]) await receiver.receive(request)
    expect(handler).toHaveBeenCalledTimes(3)
    await clock.advance(3 * 86_400_000)
    for (const request of [own, digest]) await receiver.receive(request)
    expect(handler).toHaveBeenCalledTimes(5)
  })

  it('is another event for another receiver', async () => {
    const first = createReceiver({ provider: acme(), name: 'eu' })
    const store = { dedupe: spiedStore() }
    const second = createReceiver({ provider: acme(), name: 'us', store })
    await first.receive(acmeRequest(dealUpdated('1')))
    await second.receive(acmeRequest(dealUpdated('1')))
    expect(store.dedupe.claim).toHaveBeenCalledWith('us:1', expect.anything())
  })

  it('has a key of bounded length, whatever id the sender chooses', async () => {
    const store = { dedupe: spiedStore() }
    const receiver = createReceiver({ provider: acme(), store })
    await receiver.receive(acmeRequest(dealUpdated('x'.repeat(10_000))))
    expect(store.dedupe.claim.mock.calls[0]?.[0]).toMatch(/^acme:[0-9a-f]{64}$/)
  })
})

describe('a batch', () => {
  it('is tried again as a whole, but only what failed runs again', async () => {
    const receiver = createReceiver({ provider: acme() })
    const runs: string[] = []
    let broken = true
    receiver.on('*', event => {
      runs.push(event.id)
      if (event.id === '2' && broken) throw new Error('no')
      return 'updated'
    })
    const batch = acmeRequest([dealUpdated('1'), dealUpdated('2'), dealUpdated('3')])
    expect((await receiver.receive(batch)).status).toBe(500)
    broken = false
    const again = await receiver.receive(batch)
    expect(again.status).toBe(200)
    expect(JSON.parse(again.body)).toMatchObject({ total: 1, updated: 1 })
    expect(runs).toEqual(['1', '2', '3', '2'])
  })
})

describe('a batch that takes longer than the sender waits', () => {
  it('begins no more events, but at least one, and each try gets further', async () => {
    const clock = manualClock()
    const logger = recordingLogger()
    const receiver = createReceiver({ provider: acme(), clock, logger })
    const runs: string[] = []
    receiver.on('*', async event => {
      runs.push(event.id)
      await clock.advance(5_000)
    })
    const batch = acmeRequest(['1', '2', '3', '4'].map(id => dealUpdated(id)))
    expect((await receiver.receive(batch)).status).toBe(500)
    expect(runs).toEqual(['1', '2'])
    expect(logger.lines.at(-1)).toMatchObject({ level: 'warn', fields: { left: 2 } })
    expect((await receiver.receive(batch)).status).toBe(500)
    await clock.advance(0)
    expect((await receiver.receive(batch)).status).toBe(200)
    expect(runs).toEqual(['1', '2', '3', '4'])
  })
})

describe('two receivers with one name on one store', () => {
  it('are warned about, once, when their providers differ', () => {
    const logger = recordingLogger()
    const provider = acme()
    const store = { dedupe: spiedStore() }
    const make = (own = provider, name = 'acme') => createReceiver({ provider: own, store, name, logger })
    for (const again of [provider, provider]) make(again)
    make(acme(), 'other')
    createReceiver({ provider: acme(), store: { dedupe: spiedStore() }, logger })
    expect(logger.lines).toEqual([])
    for (const another of [acme(), acme()]) make(another)
    expect(logger.lines).toMatchObject([{ level: 'warn', fields: { receiver: 'acme' } }])
  })
})

describe('a provider whose events may look the same', () => {
  it('has none of them taken for a repetition, and nothing asked of the store', async () => {
    const store = { dedupe: spiedStore() }
    const receiver = createReceiver({ provider: acme({ deduplicate: false }), store })
    const handler = vi.fn()
    receiver.on('*', handler)
    for (const n of [1, 2]) {
      expect((await receiver.receive(acmeRequest(dealUpdated('1')))).status).toBe(200)
      expect(handler).toHaveBeenCalledTimes(n)
    }
    expect(store.dedupe.claim).not.toHaveBeenCalled()
  })

  it('may say so of some of them only', async () => {
    const provider = acme({ deduplicate: ({ type }) => type !== 'call.closed' })
    const receiver = createReceiver({ provider })
    const seen: string[] = []
    receiver.on('*', ({ type }) => void seen.push(type))
    const call = { id: '2', type: 'call.closed', data: {} }
    for (const body of [dealUpdated('1'), call, dealUpdated('1'), call]) await receiver.receive(acmeRequest(body))
    expect(seen).toEqual(['deal.updated', 'call.closed', 'call.closed'])
  })
})

describe('an event with an empty id', () => {
  it.each(['after-handling', 'on-receipt'] as const)('is no repetition of another one, %s', async acknowledge => {
    const clock = manualClock()
    const receiver = createReceiver({ provider: acme(), acknowledge, store: memoryStore({ clock }), clock })
    const seen: unknown[] = []
    receiver.on('call.closed', ({ data }) => void seen.push(data.seconds))
    const call = (seconds: number) => ({ id: '', type: 'call.closed', data: { seconds } })
    for (const body of [call(1), call(2), [call(3), call(4)]]) {
      expect(JSON.parse((await receiver.receive(acmeRequest(body))).body)).not.toHaveProperty('duplicate')
    }
    await receiver.drain()
    expect(seen.sort()).toEqual([1, 2, 3, 4])
  })
})

describe('a store that fails', () => {
  it('makes the sender try again before anything ran', async () => {
    const logger = recordingLogger()
    const dedupe = spiedStore()
    dedupe.claim.mockRejectedValue(new Error('connection lost'))
    const receiver = createReceiver({ provider: acme(), store: { dedupe }, logger })
    const handler = vi.fn()
    receiver.on('*', handler)
    const response = await receiver.receive(acmeRequest(dealUpdated('1')))
    expect(response.status).toBe(503)
    expect(response.headers['retry-after']).toBe('5')
    expect(handler).not.toHaveBeenCalled()
    expect(logger.lines).toHaveLength(1)
  })

  it.each([
    ['a promise of another library', { state: 'claimed', token: 't' }, 200],
    ['a promise that holds no claim', { state: 'maybe' }, 503],
    ['a promise that holds nothing', undefined, 503],
  ])('or answers by %s is waited for', async (_name, claim, status) => {
    const dedupe = spiedStore()
    dedupe.claim.mockReturnValue(thenable(claim as never))
    dedupe.complete.mockReturnValue(thenable(undefined))
    const receiver = createReceiver({ provider: acme(), store: { dedupe } })
    const handler = vi.fn()
    receiver.on('*', handler)
    expect((await receiver.receive(acmeRequest(dealUpdated('1')))).status).toBe(status)
    expect(handler).toHaveBeenCalledTimes(status === 200 ? 1 : 0)
  })

  it('or answers what is no claim at once makes the sender try again', async () => {
    const dedupe = spiedStore()
    for (const odd of [undefined, {}, { state: 'maybe' }]) {
      dedupe.claim.mockReturnValue(odd as never)
      const receiver = createReceiver({ provider: acme(), store: { dedupe } })
      expect((await receiver.receive(acmeRequest(dealUpdated('1')))).status).toBe(503)
    }
  })

  it('and gives a late answer that is no claim breaks nothing', async () => {
    const clock = manualClock()
    const dedupe = spiedStore()
    let answer: (claim: never) => void = () => {}
    dedupe.claim.mockReturnValue(new Promise(resolve => (answer = resolve)))
    const receiver = createReceiver({ provider: acme(), store: { dedupe }, clock })
    const response = receiver.receive(acmeRequest(dealUpdated('1')))
    await clock.advance(9_000)
    expect((await response).status).toBe(503)
    answer(undefined as never)
    await clock.advance(0)
  })

  it.each([
    ['complete', 200],
    ['release', 500],
  ] as const)('and hangs once the handlers have ended does not keep the answer back: %s', async (method, status) => {
    const clock = manualClock()
    const logger = recordingLogger()
    const dedupe = spiedStore()
    dedupe[method].mockReturnValue(new Promise(() => {}))
    const receiver = createReceiver({ provider: acme(), store: { dedupe }, logger, clock })
    receiver.on('*', () => {
      if (status === 500) throw new Error('no')
    })
    const response = receiver.receive(acmeRequest(dealUpdated('1')))
    await clock.advance(9_000)
    expect((await response).status).toBe(status)
    const twice = 'webhook store did not answer: this event may be handled twice'
    expect(logger.lines.filter(line => line.message === twice)).toHaveLength(1)
    expect(clock.pending).toBe(0)
  })

  it('does not undo what the handler did', async () => {
    const logger = recordingLogger()
    const dedupe = spiedStore()
    dedupe.complete.mockRejectedValue(new Error('connection lost'))
    const receiver = createReceiver({ provider: acme(), store: { dedupe }, logger })
    expect((await receiver.receive(acmeRequest(dealUpdated('1')))).status).toBe(200)
    expect(logger.lines.filter(line => line.level === 'error')).toHaveLength(1)
  })
})

function spiedStore() {
  return {
    claim: vi.fn<DedupeStore['claim']>(() => ({ state: 'claimed', token: 't' })),
    complete: vi.fn<DedupeStore['complete']>(),
    release: vi.fn<DedupeStore['release']>(),
  }
}
