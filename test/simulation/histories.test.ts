import { type SimulatedFaults, simulate } from 'crm-webhooks/testing'
import { describe, expect, it } from 'vitest'
import { receiving, switchedOffAndOn, traffic } from './scenarios.ts'
import { STORM } from './support.ts'

/** More on a machine that has the time: `HISTORIES=10000 npx vitest run test/simulation`. */
const COUNT = Number(process.env.HISTORIES ?? 120)
const LIMIT_MS = 300_000 + COUNT * 500

const MIXES: ReadonlyArray<readonly [name: string, faults: SimulatedFaults]> = [
  ['nothing goes wrong', {}],
  ['processes die', { kill: 0.03 }],
  ['calls fail and answers are lost', { fail: 0.04, loseAnswer: 0.04 }],
  ['processes stand still', { pause: 0.02 }],
  ['calls and answers are late', { slow: 0.04 }],
  ['all of it happens', STORM],
]

// Each simulation rejects when something was lost, unexpected or changed, and names its seed.
describe.each(MIXES)('random histories in which %s', (name, faults) => {
  it('lose nothing that was published, repeat nothing without a cause, and keep the order', {
    timeout: LIMIT_MS,
  }, async () => {
    const found: string[] = []
    let repeated = 0
    let incidents = 0
    for (let seed = 1; seed <= COUNT; seed++) {
      const { result, ledger, incidents: happened } = await simulate({ seed, faults }, traffic)
      const { withoutCause, disorder } = result
      if (withoutCause.length + disorder.length > 0) found.push(`seed ${seed}: ${JSON.stringify(result)}`)
      repeated += ledger.duplicated.length
      incidents += happened.length
    }
    expect(found).toEqual([])
    if (name === 'nothing goes wrong') expect([repeated, incidents]).toEqual([0, 0])
    else expect(incidents).toBeGreaterThan(2 * COUNT)
  })

  it('lose nothing that waits for an endpoint that is disabled and enabled', { timeout: LIMIT_MS }, async () => {
    let deliveries = 0
    for (let seed = 1; seed <= COUNT; seed++) {
      const { ledger } = await simulate({ seed, faults }, switchedOffAndOn)
      deliveries += ledger.deliveries
    }
    expect(deliveries).toBeGreaterThan(4 * COUNT)
  })

  it.each(['on-receipt', 'after-handling'] as const)(
    'lose nothing that was received, acknowledged %s',
    {
      timeout: LIMIT_MS,
    },
    async acknowledge => {
      let repeated = 0
      for (let seed = 1; seed <= COUNT; seed++) {
        const { ledger } = await simulate({ seed, faults }, receiving(acknowledge, 6))
        expect(ledger.deliveries).toBeGreaterThan(0)
        repeated += ledger.duplicated.length
      }
      if (name === 'nothing goes wrong') expect(repeated).toBe(0)
    },
  )
})
