/**
 * Interleaved micro-benchmarks for a shared, noisy machine: every round runs every contestant once, in rotated order,
 * and ratios are taken inside a round. Quote the medians.
 */

/** One contestant. `run` does one operation and answers something true. */
export interface Contestant {
  readonly name: string
  readonly run: () => unknown
}

export interface CompareOptions {
  /** The contestant that ratios refer to. Default: the first. */
  readonly baseline?: string
  /** Default 41. */
  readonly rounds?: number
  /** How long one contestant runs in one round, in milliseconds. Default 8. */
  readonly sliceMs?: number
  /** How long each contestant runs before anything is measured, in milliseconds. Default 250. */
  readonly warmUpMs?: number
}

export interface Measurement {
  readonly name: string
  /** Median time of one operation. */
  readonly microseconds: number
  /** Baseline time to this time within a round, median: above 1 is faster than the baseline. */
  readonly ratio: number
  /** This contestant's time in each round, in nanoseconds. */
  readonly rounds: readonly number[]
}

/** Times all contestants. Throws when one answers something false: then it would be measured failing. */
export async function compare(
  contestants: readonly Contestant[],
  { baseline, rounds = 41, sliceMs = 8, warmUpMs = 250 }: CompareOptions = {},
): Promise<readonly Measurement[]> {
  const prepared: Prepared[] = []
  for (const contestant of contestants) prepared.push(await prepare(contestant, sliceMs, warmUpMs))
  for (let round = 0; round < rounds; round++) {
    for (let i = 0; i < prepared.length; i++) {
      const contestant = prepared[(i + round) % prepared.length]
      if (contestant) contestant.rounds.push((await time(contestant, contestant.repeats)) / contestant.repeats)
    }
  }
  const base = prepared.find(({ name }) => name === (baseline ?? contestants[0]?.name))
  if (base === undefined) throw new Error(`no contestant is named ${baseline}`)
  return prepared.map(contestant => ({
    name: contestant.name,
    microseconds: median(contestant.rounds) / 1_000,
    ratio: ratioOf(contestant.rounds, base.rounds),
    rounds: contestant.rounds,
  }))
}

/** How many times as fast as another one a contestant was, median over the rounds. */
export function ratioOf(rounds: readonly number[], reference: readonly number[]): number {
  return median(rounds.map((time, round) => (reference[round] ?? Number.NaN) / time))
}

/** The middle of some numbers. */
export function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  const upper = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2
}

/** A table in Markdown. */
export function formatTable(rows: ReadonlyArray<Readonly<Record<string, string | number>>>): string {
  const names = [...new Set(rows.flatMap(row => Object.keys(row)))]
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  return [
    line(names),
    line(names.map(() => '---')),
    ...rows.map(row => line(names.map(name => String(row[name] ?? '')))),
  ].join('\n')
}

interface Prepared extends Contestant {
  readonly waits: boolean
  readonly repeats: number
  readonly rounds: number[]
}

async function prepare(contestant: Contestant, sliceMs: number, warmUpMs: number): Promise<Prepared> {
  const first = contestant.run()
  const waits = first instanceof Promise
  if (!(await first)) throw new Error(`${contestant.name} does not do its work`)
  const draft = { ...contestant, waits, rounds: [] }
  let repeats = 1
  let taken = 0
  const end = nanoseconds() + warmUpMs * 1e6
  do {
    taken = await time(draft, repeats)
    if (taken < 2e6) repeats *= 2
  } while (nanoseconds() < end)
  return { ...draft, repeats: Math.max(1, Math.round((repeats * sliceMs * 1e6) / taken)) }
}

/** What is answered has to be used, or the compiler may leave the work out. */
let used = 0

/** How many operations answered something true so far. */
export function operationsDone(): number {
  return used
}

async function time({ run, waits }: Contestant & { readonly waits: boolean }, repeats: number): Promise<number> {
  const start = nanoseconds()
  if (waits) for (let i = 0; i < repeats; i++) used += (await run()) ? 1 : 0
  else for (let i = 0; i < repeats; i++) used += run() ? 1 : 0
  return nanoseconds() - start
}

function nanoseconds(): number {
  return Number(process.hrtime.bigint())
}
