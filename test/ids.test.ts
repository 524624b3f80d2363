import { afterEach, describe, expect, it, vi } from 'vitest'
import { newId } from '../src/ids.ts'

afterEach(() => {
  vi.useRealTimers()
})

describe('new ids', () => {
  it('have their prefix and nothing that could not stand in a signed message', () => {
    for (let i = 0; i < 1_000; i++) expect(newId('evt')).toMatch(/^evt_[A-Za-z0-9_-]{23}$/)
  })

  it('never repeat, within a millisecond either', () => {
    vi.useFakeTimers({ now: 1_790_000_000_000 })
    expect(new Set(Array.from({ length: 50_000 }, () => newId('evt'))).size).toBe(50_000)
  })

  it('sort by the millisecond in which they were made', () => {
    vi.useFakeTimers()
    const times = [
      0, 1, 63, 64, 4_095, 4_096, 1_790_000_000_000, 1_790_000_000_001, 1_790_000_262_144, 4_398_046_511_103,
    ]
    const ids = times.map(time => {
      vi.setSystemTime(time)
      return newId('evt')
    })
    expect([...ids].sort()).toEqual(ids)
  })

  it('do not tell of each other beyond their time', () => {
    vi.useFakeTimers({ now: 1_790_000_000_000 })
    const random = Array.from({ length: 256 }, () => newId('evt').slice('evt_'.length + 7))
    for (let place = 0; place < 16; place++) expect(new Set(random.map(text => text[place])).size).toBeGreaterThan(30)
  })
})
