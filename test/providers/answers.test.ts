import { describe, expect, it } from 'vitest'
import type { ReceiveOutcome, ReceiveResult } from '../../src/model/receive-result.ts'
import type { ProviderFixtures } from '../../src/testing/fixtures.ts'

const result = (outcome: ReceiveOutcome, more: Partial<ReceiveResult> = {}): ReceiveResult => ({
  outcome,
  httpStatus: 409,
  total: 0,
  created: 0,
  updated: 0,
  skipped: 0,
  failed: 0,
  durationSeconds: 0,
  errors: [],
  ...more,
})

describe.each(['aws-sns', 'dialpad', 'hubspot', 'sanity'])('%s, which takes a 4xx as final', name => {
  it('is asked to try again where that helps, and answered as usual otherwise', async () => {
    const { fixtures } = (await import(`../../src/testing/fixtures/${name}.ts`)) as { fixtures: ProviderFixtures }
    const provider = fixtures.create()
    const inProgress = provider.respond?.(result('in_progress', { retryAfterSeconds: 7 }))
    expect(inProgress).toMatchObject({ status: 503, headers: { 'retry-after': '7' } })
    expect(provider.respond?.(result('too_slow'))).toMatchObject({ status: 503, headers: { 'retry-after': '5' } })
    for (const outcome of ['handled', 'duplicate', 'failed', 'refused', 'malformed', 'too_large'] as const) {
      expect(provider.respond?.(result(outcome))).toBeUndefined()
    }
  })
})
