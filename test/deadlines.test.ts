import { execFileSync } from 'node:child_process'
import { manualClock } from 'crm-webhooks/testing'
import { describe, expect, it } from 'vitest'
import type { Clock } from '../src/clock.ts'
import { Deadlines } from '../src/model/deadlines.ts'

const manual = manualClock()
/** A clock that has timers which keep no process running. */
const background: Clock & Pick<typeof manual, 'advance'> = {
  ...manual,
  setBackgroundTimer: (callback, delayMs) => manual.setTimer(callback, delayMs),
}

describe.each([
  ['a plain clock', manual],
  ['a clock with background timers', background],
] as const)('deadlines by %s', (_name, clock) => {
  it('calls for what was not done in time, at its own time', async () => {
    const deadlines = new Deadlines(clock, 100)
    const late: string[] = []
    deadlines.end(deadlines.begin(() => late.push('done')))
    await clock.advance(60)
    deadlines.begin(() => late.push('first'))
    await clock.advance(30)
    const second = deadlines.begin(() => late.push('second'))
    deadlines.begin(() => late.push('third'))
    await clock.advance(69)
    expect(late).toEqual([])
    await clock.advance(1)
    expect(late).toEqual(['first'])
    deadlines.end(second)
    await clock.advance(29)
    expect(late).toEqual(['first'])
    await clock.advance(1)
    expect(late).toEqual(['first', 'third'])
    deadlines.begin(() => late.push('fourth'))
    await clock.advance(100)
    expect(late).toEqual(['first', 'third', 'fourth'])
  })
})

it('leaves no timer behind on a clock without background timers', async () => {
  const clock = manualClock()
  const deadlines = new Deadlines(clock, 100)
  const one = deadlines.begin(() => {})
  expect(clock.pending).toBe(1)
  deadlines.end(one)
  expect(clock.pending).toBe(0)
})

it('sets one background timer for many things that follow one another', async () => {
  let timers = 0
  const clock: Clock = {
    ...manualClock(),
    setBackgroundTimer: () => {
      timers++
      return () => {}
    },
  }
  const deadlines = new Deadlines(clock, 100)
  for (let i = 0; i < 1_000; i++) deadlines.end(deadlines.begin(() => {}))
  expect(timers).toBe(1)
})

it('a background timer of the system clock fires, and does not keep a process running', () => {
  const url = new URL('../src/clock.ts', import.meta.url)
  const run = (code: string): string => {
    const script = `import { systemClock } from '${url.href}'\n${code}`
    const args = ['--import', 'tsx', '--input-type=module', '--eval', script]
    return execFileSync(process.execPath, args, { encoding: 'utf8', timeout: 60_000 })
  }
  const late = "systemClock.setBackgroundTimer(() => console.log('late'), DELAY)"
  expect(run(late.replace('DELAY', '3_600_000'))).toBe('')
  expect(run(`${late.replace('DELAY', '1')}\nsetTimeout(() => {}, 200)`)).toBe('late\n')
})
