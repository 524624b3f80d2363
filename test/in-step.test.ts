import { expect, it, vi } from 'vitest'
import { inStep } from '../src/model/in-step.ts'

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
