import { EventEmitter } from 'node:events'
import { manualClock } from 'crm-webhooks/testing'
import { expect, it, vi } from 'vitest'
import { readStream } from '../src/frameworks/request/read-stream.ts'
import { inStep } from '../src/model/in-step.ts'
import { createAddressGuard } from '../src/transports/address-guard.ts'
import { Exchanges } from '../src/transports/exchange/exchanges.ts'
import { post } from './transports/subjects.ts'

/** What of the promises is settled before the event loop has taken what is at hand, and after it. */
async function settledAround(
  promises: ReadonlyArray<Promise<unknown>>,
): Promise<readonly [before: number, after: number]> {
  let settled = 0
  for (const promise of promises) void promise.then(() => settled++)
  for (let i = 0; i < 20; i++) await Promise.resolve()
  const before = settled
  await new Promise(resolve => setImmediate(resolve))
  return [before, settled]
}

it('bodies that come in together go on together', async () => {
  const streams = Array.from({ length: 3 }, () => Object.assign(new EventEmitter(), { pause() {}, resume() {} }))
  const bodies = streams.map(stream => readStream(stream, 100))
  for (const stream of streams) stream.emit('end')
  expect(await settledAround(bodies)).toEqual([0, 3])
})

it('answers that come in together go on together', async () => {
  const guard = createAddressGuard({ lookup: false, allow: ['127.0.0.0/8'] })
  const exchanges = new Exchanges(guard, manualClock())
  const answer = { status: 200, headers: {}, body: new Uint8Array(0), truncated: false }
  const answers = Array.from({ length: 3 }, () =>
    exchanges.start(post('http://127.0.0.1/'), settlement => settlement.succeed(answer)),
  )
  expect(await settledAround(answers)).toEqual([0, 3])
})

it('goes on with what came in one turn of the event loop, in order, after that turn', async () => {
  const seen: string[] = []
  inStep(() => seen.push('first'))
  inStep(() => seen.push('second'))
  await Promise.resolve()
  expect(seen).toEqual([])
  await new Promise(resolve => setImmediate(resolve))
  expect(seen).toEqual(['first', 'second'])
})

it('leaves what comes meanwhile for the next turn, so that nothing else starves', async () => {
  let rounds = 0
  const again = (): void => {
    if (++rounds < 1_000) inStep(again)
  }
  inStep(again)
  await new Promise(resolve => setImmediate(resolve))
  expect(rounds).toBeLessThan(10)
  await vi.waitFor(() => expect(rounds).toBe(1_000))
})

it('is not stopped by tests that replace timers', async () => {
  vi.useFakeTimers({ toFake: ['setImmediate', 'setTimeout'] })
  try {
    await new Promise<void>(resolve => inStep(resolve))
  } finally {
    vi.useRealTimers()
  }
})

it('goes on at once where the runtime has no such moment', async () => {
  vi.stubGlobal('setImmediate', undefined)
  vi.resetModules()
  try {
    const elsewhere = await import('../src/model/in-step.ts')
    let done = false
    elsewhere.inStep(() => {
      done = true
    })
    expect(done).toBe(true)
  } finally {
    vi.unstubAllGlobals()
  }
})
