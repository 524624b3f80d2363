import { simulateEveryCrash } from 'crm-webhooks/testing'
import { describe, expect, it } from 'vitest'
import { bothEnds, publishOne, receiving } from './scenarios.ts'

/** Long, for machines that are busy. */
const LIMIT_MS = 300_000

// Each call rejects when something was lost, unexpected or changed.
describe('a crash at every step, before and after it', () => {
  it('of publishing and delivering loses nothing', { timeout: LIMIT_MS }, async () => {
    const points = await simulateEveryCrash({ seed: 1 }, publishOne)
    expect(points).toEqual(
      expect.arrayContaining([
        'sender/deliveries.enqueue#1:after',
        'sender/deliveries.claim#1:before',
        'sender/network.send#1:after',
        'sender/deliveries.settle#2:before',
        'sender/deliveries.settle#2:after',
      ]),
    )
  })

  it('and then another one anywhere loses nothing', { timeout: LIMIT_MS }, async () => {
    const first = await simulateEveryCrash({ seed: 1 }, publishOne)
    let pairs = 0
    for (const point of first) pairs += (await simulateEveryCrash({ seed: 1, crashAt: point }, publishOne)).length
    expect(pairs).toBeGreaterThan(500)
  })

  it('of receiving and handling later loses nothing', { timeout: LIMIT_MS }, async () => {
    const points = await simulateEveryCrash({ seed: 2 }, receiving('on-receipt', 2))
    const names = points.map(point => point.replace(/^.*\/|#.*$/g, ''))
    expect(names).toEqual(
      expect.arrayContaining([
        'dedupe.claim',
        'dedupe.complete',
        'deliveries.enqueue',
        'deliveries.settle',
        'crm.write',
      ]),
    )
  })

  it('of receiving and handling at once loses nothing', { timeout: LIMIT_MS }, async () => {
    const points = await simulateEveryCrash({ seed: 2 }, receiving('after-handling', 2))
    expect(points.some(point => point.includes('/crm.write#1:after'))).toBe(true)
  })

  it('of a sender of ours and a receiver of ours together loses nothing', { timeout: LIMIT_MS }, async () => {
    const points = await simulateEveryCrash({ seed: 3 }, bothEnds)
    expect(points.some(point => point.startsWith('receiver/'))).toBe(true)
    expect(points.some(point => point.startsWith('sender/'))).toBe(true)
  })
})
