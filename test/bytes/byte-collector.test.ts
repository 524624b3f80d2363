import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createByteCollector } from '../../src/bytes/byte-collector.ts'

const chunksOf = fc.array(fc.uint8Array({ maxLength: 50 }), { maxLength: 20 })

describe('a byte collector', () => {
  it('joins what it is given, up to the limit, and changes no chunk', () => {
    fc.assert(
      fc.property(chunksOf, fc.nat(600), (chunks, limit) => {
        const before = chunks.map(chunk => [...chunk])
        const collector = createByteCollector(limit)
        const added = chunks.map(chunk => collector.add(chunk))
        const whole = Buffer.concat(chunks)
        expect(added.every(Boolean)).toBe(whole.length <= limit)
        if (whole.length <= limit) expect(Buffer.from(collector.bytes()).equals(whole)).toBe(true)
        expect(chunks.map(chunk => [...chunk])).toEqual(before)
      }),
    )
  })

  it('writes into no memory around a chunk', () => {
    const slab = new Uint8Array(8).fill(7)
    const collector = createByteCollector(8)
    collector.add(slab.subarray(0, 2))
    collector.add(Uint8Array.of(1, 2))
    expect([...collector.bytes()]).toEqual([7, 7, 1, 2])
    expect([...slab]).toEqual([7, 7, 7, 7, 7, 7, 7, 7])
  })

  it('does not copy a single chunk', () => {
    const chunk = Uint8Array.of(1, 2, 3)
    const collector = createByteCollector(3)
    collector.add(chunk)
    expect(collector.bytes()).toBe(chunk)
  })

  it('keeps nothing once there was too much', () => {
    const collector = createByteCollector(2)
    expect([collector.add(Uint8Array.of(1, 2, 3)), collector.add(new Uint8Array(0))]).toEqual([false, false])
  })
})
