import { describe, expect, it } from 'vitest'
import { findScenarios } from './find-scenarios.ts'

const scenarios = await findScenarios()

describe('faults that are made for real', () => {
  it.each(scenarios)('$name: $title', { timeout: 240_000 }, async ({ run }) => {
    const figures = await run('short')
    expect(figures.filter(({ reached }) => !reached)).toEqual([])
  })
})
