import type { Claim } from '../../storage/dedupe-store.ts'
import type { Cases } from './support.ts'

function tokenOf(claim: Claim): string {
  if (claim.state !== 'claimed') throw new Error(`expected a claim, got ${claim.state}`)
  return claim.token
}

export function dedupeCases({ describe, test, expect, now }: Cases): void {
  describe('de-duplication', () => {
    test('lets one of 50 concurrent claims through', async ({ dedupe }) => {
      const nowMs = now()
      const times = { nowMs, claimUntilMs: nowMs + 1_000 }
      const claims = await Promise.all(Array.from({ length: 50 }, async () => dedupe.claim('event-1', times)))
      expect(claims.filter(({ state }) => state === 'claimed').length).toBe(1)
      const others = claims.filter(({ state }) => state !== 'claimed')
      expect(others).toEqual(others.map(() => ({ state: 'in_progress', untilMs: nowMs + 1_000 })))
    })

    test('remembers what was handled, until that is too long ago', async ({ dedupe }) => {
      const nowMs = now()
      const token = tokenOf(await dedupe.claim('k', { nowMs, claimUntilMs: nowMs + 100 }))
      await dedupe.complete('k', token, { keepUntilMs: nowMs + 5_000 })
      const at = async (ms: number): Promise<string> =>
        (await dedupe.claim('k', { nowMs: nowMs + ms, claimUntilMs: nowMs + ms + 100 })).state
      expect([await at(1), await at(200), await at(4_999), await at(5_000)]).toEqual([
        'done',
        'done',
        'done',
        'claimed',
      ])
      expect((await dedupe.claim('other', { nowMs, claimUntilMs: nowMs + 100 })).state).toBe('claimed')
    })

    test('lets the next one through after a release', async ({ dedupe }) => {
      const nowMs = now()
      const times = { nowMs, claimUntilMs: nowMs + 100 }
      await dedupe.release('k', tokenOf(await dedupe.claim('k', times)))
      expect((await dedupe.claim('k', times)).state).toBe('claimed')
    })

    test('lets the next one through when a claim runs out, and fences the first', async ({ dedupe }) => {
      const nowMs = now()
      const first = tokenOf(await dedupe.claim('k', { nowMs, claimUntilMs: nowMs + 100 }))
      expect((await dedupe.claim('k', { nowMs: nowMs + 99, claimUntilMs: nowMs + 500 })).state).toBe('in_progress')
      const second = tokenOf(await dedupe.claim('k', { nowMs: nowMs + 100, claimUntilMs: nowMs + 200 }))
      await dedupe.release('k', first)
      await dedupe.complete('k', first, { keepUntilMs: nowMs + 9_000 })
      const between = await dedupe.claim('k', { nowMs: nowMs + 150, claimUntilMs: nowMs + 500 })
      expect(between).toEqual({ state: 'in_progress', untilMs: nowMs + 200 })
      await dedupe.complete('k', second, { keepUntilMs: nowMs + 9_000 })
      expect((await dedupe.claim('k', { nowMs: nowMs + 300, claimUntilMs: nowMs + 500 })).state).toBe('done')
    })

    test('takes times with a fraction', async ({ dedupe }) => {
      const nowMs = now() + 0.5
      const first = tokenOf(await dedupe.claim('k', { nowMs, claimUntilMs: nowMs + 10 }))
      expect((await dedupe.claim('k', { nowMs: nowMs + 9, claimUntilMs: nowMs + 50 })).state).toBe('in_progress')
      await dedupe.complete('k', first, { keepUntilMs: nowMs + 100 })
      expect((await dedupe.claim('k', { nowMs: nowMs + 99, claimUntilMs: nowMs + 200 })).state).toBe('done')
      expect((await dedupe.claim('k', { nowMs: nowMs + 101, claimUntilMs: nowMs + 200 })).state).toBe('claimed')
    })
  })
}
