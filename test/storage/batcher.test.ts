import { describe, expect, it } from 'vitest'
import { Batcher } from '../../src/storage/sql/batcher.ts'

const nextTurn = (): Promise<void> => new Promise(resolve => setImmediate(resolve))

/** Writes that end when they are told to. */
function watched(restMs?: number) {
  const writes: Array<{ readonly items: readonly number[]; end(): void }> = []
  const batcher = new Batcher<number, number>(
    items => new Promise(resolve => writes.push({ items, end: () => resolve(items.map(item => item * 10)) })),
    ...(restMs === undefined ? [] : [{ restMs: () => restMs }]),
  )
  const sizes = (): number[] => writes.map(({ items }) => items.length)
  return { batcher, writes, sizes }
}

describe('a batcher', () => {
  it('writes together what is asked for in one turn, and answers each caller with its own', async () => {
    const { batcher, writes } = watched()
    const answers = Promise.all([batcher.add([1, 2]), batcher.add([3])])
    await nextTurn()
    expect(writes.map(({ items }) => items)).toEqual([[1, 2, 3]])
    writes[0]?.end()
    expect(await answers).toEqual([[10, 20], [30]])
  })

  it('begins a second write beside the first, and gathers what comes after', async () => {
    const { batcher, writes, sizes } = watched()
    for (let item = 0; item < 5; item++) {
      void batcher.add([item])
      await nextTurn()
    }
    expect(sizes()).toEqual([1, 1])
    writes[0]?.end()
    await nextTurn()
    expect(sizes()).toEqual([1, 1, 3])
  })

  it('with a rest writes the first at once, and then one group after the other', async () => {
    const { batcher, writes, sizes } = watched(20)
    const last: Array<Promise<readonly number[]>> = []
    for (let item = 0; item < 5; item++) {
      last.push(batcher.add([item]))
      await nextTurn()
    }
    expect(sizes()).toEqual([1])
    await new Promise(resolve => setTimeout(resolve, 60))
    // Not while the first is under way, however long that takes.
    expect(sizes()).toEqual([1])
    writes[0]?.end()
    while (writes.length < 2) await nextTurn()
    expect(sizes()).toEqual([1, 4])
    writes[1]?.end()
    expect(await Promise.all(last)).toEqual([[0], [10], [20], [30], [40]])
  })

  it('goes on without those who need what is locked, each of whom is tried again alone', async () => {
    const locked = new Set([1, 3])
    const failure = new Error('locked')
    const writes: Array<readonly number[]> = []
    const batcher = new Batcher<number, number>(
      async items => {
        writes.push(items)
        await nextTurn()
        if (items.some(item => locked.has(item))) throw failure
        return items
      },
      { locks: { patienceMs: 60_000, isLocked: error => error === failure } },
    )
    const answers = [1, 2, 3].map(item => batcher.add([item]))
    expect(await answers[1]).toEqual([2])
    expect(await batcher.add([4, 5])).toEqual([4, 5])
    locked.delete(3)
    expect(await answers[2]).toEqual([3])
    locked.clear()
    expect(await answers[0]).toEqual([1])
    expect(writes.slice(1).filter(items => items.length > 1)).toEqual([[4, 5]])
  })

  it('with a rest does not make enough of them wait', async () => {
    const { batcher, sizes } = watched(60_000)
    void batcher.add([1])
    await nextTurn()
    void batcher.add([2])
    await nextTurn()
    expect(sizes()).toEqual([1])
    void batcher.add(Array.from({ length: 200 }, (_, i) => i))
    await nextTurn()
    expect(sizes()).toEqual([1, 201])
  })
})
