/** Events in a second where endpoints hang. */
export const PER_SECOND = 200

export function sleepUntil(time: number): Promise<void> {
  const delay = time - performance.now()
  return delay <= 0 ? Promise.resolve() : new Promise(resolve => setTimeout(resolve, delay))
}

/** The smallest number that so large a share of them does not exceed. */
export function quantile(numbers: readonly number[], share: number): number {
  const sorted = [...numbers].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN
}
