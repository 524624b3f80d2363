import { afterAll, describe, expect, it } from 'vitest'
import { findScenarios } from './find-scenarios.ts'
import { stopServer } from './harness/places.ts'

const scenarios = await findScenarios()
afterAll(stopServer)

describe('faults that are made for real', () => {
  it.each(scenarios)('$name: $title', { timeout: 300_000 }, async ({ run }) => {
    const figures = await run('short')
    expect(figures.filter(({ reached }) => !reached)).toEqual([])
  })
})
