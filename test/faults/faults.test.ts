import { afterAll, describe, expect, it } from 'vitest'
import { findScenarios } from './find-scenarios.ts'
import { stopServer } from './harness/places.ts'

const scenarios = await findScenarios()
afterAll(stopServer, 60_000)

describe('faults that are made for real', () => {
  it.each(scenarios)('$name: $title', { timeout: 600_000 }, async ({ run }) => {
    const figures = await run('short')
    expect(figures.filter(({ reached }) => !reached)).toEqual([])
  })
})
