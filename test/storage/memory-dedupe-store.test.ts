import { memoryStore } from 'crm-webhooks/storage/memory'
import { describe, expect, it } from 'vitest'

const claimed = { state: 'claimed', token: expect.any(String) as string }

describe('memory dedupe store', () => {
  it('fences: a claim that ran out can neither complete nor release the next one', async () => {
    const { dedupe } = memoryStore()
    const first = await dedupe.claim('k', { nowMs: 0, claimUntilMs: 10 })
    const second = await dedupe.claim('k', { nowMs: 10, claimUntilMs: 20 })
    expect([first, second]).toEqual([claimed, claimed])
    if (first.state !== 'claimed') throw new Error('not claimed')
    await dedupe.release('k', first.token)
    await dedupe.complete('k', first.token, { keepUntilMs: 100 })
    expect(await dedupe.claim('k', { nowMs: 15, claimUntilMs: 25 })).toEqual({ state: 'in_progress', untilMs: 20 })
  })

  it('forgets the oldest beyond its limit', async () => {
    const { dedupe } = memoryStore({ maxDedupeEntries: 3 })
    for (const key of ['a', 'b', 'c', 'd']) {
      const claim = await dedupe.claim(key, { nowMs: 0, claimUntilMs: 10 })
      if (claim.state === 'claimed') await dedupe.complete(key, claim.token, { keepUntilMs: 100 })
    }
    const states = await Promise.all(
      ['d', 'c', 'b', 'a'].map(async key => (await dedupe.claim(key, { nowMs: 1, claimUntilMs: 10 })).state),
    )
    expect(states).toEqual(['done', 'done', 'done', 'claimed'])
  })

  it('is not filled by events that fail again and again', async () => {
    const { dedupe } = memoryStore({ maxDedupeEntries: 3 })
    const times = { nowMs: 0, claimUntilMs: 10 }
    for (const key of ['a', 'b']) {
      const claim = await dedupe.claim(key, times)
      if (claim.state === 'claimed') await dedupe.complete(key, claim.token, { keepUntilMs: 100 })
    }
    for (let i = 0; i < 20; i++) {
      const claim = await dedupe.claim(`failing ${i % 5}`, times)
      if (claim.state === 'claimed') await dedupe.release(`failing ${i % 5}`, claim.token)
    }
    const states = await Promise.all(['a', 'b'].map(async key => (await dedupe.claim(key, times)).state))
    expect(states).toEqual(['done', 'done'])
  })

  it('forgets in order of age what is left, wherever entries were taken out', async () => {
    const { dedupe } = memoryStore({ maxDedupeEntries: 3 })
    const times = { nowMs: 0, claimUntilMs: 10 }
    const give = async (key: string) => {
      const claim = await dedupe.claim(key, times)
      return claim.state === 'claimed' ? claim.token : 'none'
    }
    const [first, middle] = [await give('first'), await give('middle'), await give('last')]
    await dedupe.release('middle', middle)
    await dedupe.release('first', first)
    for (const key of ['b', 'c', 'd']) await give(key)
    const states = await Promise.all(['d', 'c', 'b', 'last'].map(async key => (await dedupe.claim(key, times)).state))
    expect(states).toEqual(['in_progress', 'in_progress', 'in_progress', 'claimed'])
  })

  it.each(['released', 'out of time'])('keeps an event whose earlier claim was %s and is forgotten', async earlier => {
    const { dedupe } = memoryStore({ maxDedupeEntries: 3 })
    // What ran out or was released is thrown away at once only at the front.
    await dedupe.claim('front', { nowMs: 0, claimUntilMs: 50 })
    const first = await dedupe.claim('k', { nowMs: 0, claimUntilMs: 10 })
    if (first.state === 'claimed' && earlier === 'released') await dedupe.release('k', first.token)
    const nowMs = earlier === 'released' ? 1 : 10
    const second = await dedupe.claim('k', { nowMs, claimUntilMs: 50 })
    if (second.state === 'claimed') await dedupe.complete('k', second.token, { keepUntilMs: 100 })
    for (const key of ['a', 'b']) await dedupe.claim(key, { nowMs, claimUntilMs: 50 })
    expect(await dedupe.claim('k', { nowMs, claimUntilMs: 50 })).toEqual({ state: 'done' })
  })
})
