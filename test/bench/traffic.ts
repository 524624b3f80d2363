/** Events in a second where endpoints hang. */
export const PER_SECOND = 200

export function sleepUntil(time: number): Promise<void> {
  const delay = time - performance.now()
  return delay <= 0 ? Promise.resolve() : new Promise(resolve => setTimeout(resolve, delay))
}

/** Numbers from 0 to 1, the same in every run. */
export function generator(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

/** The smallest number that so large a share of them does not exceed. */
export function quantile(numbers: readonly number[], share: number): number {
  const sorted = [...numbers].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN
}
