import type { WrongClock } from '../harness/clocks.ts'
import { atMost, exactly, figuresOf, told } from '../harness/figures.ts'
import type { StorePlace } from '../harness/open-store.ts'
import { SLOTS, withRig } from '../harness/rig.ts'
import type { Figure, Scale, Scenario } from '../scenario.ts'

const HOUR_MS = 3_600_000
/** A retry that is reckoned just before a jump, and written just after it, is off by as much: it is late, not lost. */
const JUMP_MS = { full: 300_000, short: 15_000 }
const DRAINED_WITHIN_MS = 720_000
const EVENTS = { full: 1_000, short: 150 }
/** Between two events of each of eight publishers: publishing outlasts several jumps. */
const PAUSE_MS = { full: 80, short: 150 }
/** One request in eight fails: nobody needs more than this by chance. */
const MOST_REQUESTS = 8

/** Processes on many hosts each have a clock of their own; those that share a file are on one host, with one clock. */
const CASES: ReadonlyArray<{
  readonly kind: StorePlace['kind']
  readonly name: string
  readonly clock: WrongClock | 'jumps'
  /** Duplicates that may be, by how long the run took. On one host, all leases run out when its clock jumps ahead. */
  readonly duplicates: (seconds: number) => number
}> = [
  { kind: 'PostgreSQL', name: 'one an hour behind', clock: { aheadMs: -HOUR_MS }, duplicates: () => 0 },
  { kind: 'PostgreSQL', name: 'one a day ahead', clock: { aheadMs: 24 * HOUR_MS }, duplicates: () => 0 },
  // What is asked in the very moment of a jump may go by the time before.
  { kind: 'PostgreSQL', name: 'one jumps', clock: 'jumps', duplicates: s => s * SLOTS },
  { kind: 'SQLite', name: 'all jump', clock: 'jumps', duplicates: s => 2 * s * SLOTS },
]

export const scenarios: readonly Scenario[] = CASES.map(one => ({
  name: `F7 · ${one.kind} · ${one.name}`,
  title: 'clocks of workers are wrong, or jump every second',
  run: (scale: Scale) => deliverAll(one, scale),
}))

async function deliverAll(
  { kind, clock: which, duplicates }: (typeof CASES)[number],
  scale: Scale,
): Promise<readonly Figure[]> {
  const events = EVENTS[scale]
  const clock = which === 'jumps' ? { jumpMs: JUMP_MS[scale] } : which
  const startedAtMs = Date.now()
  const figures = await withRig({ kind, seed: 7 }, async rig => {
    const everybody = kind === 'SQLite' ? { clock } : {}
    // Shorter than a jump.
    const leaseSeconds = 5
    await rig.worker('right', { leaseSeconds, ...everybody })
    await rig.worker('wrong', { leaseSeconds, clock })
    await rig.producer(events, { pauseMs: PAUSE_MS[scale], ...everybody })
    const drained = await rig.drained(DRAINED_WITHIN_MS)
    const books = await rig.books()
    const seconds = Math.ceil((Date.now() - startedAtMs) / 1000)
    const arrivals = rig.arrivals()
    const wrong = arrivals.filter(({ worker }) => worker === 'wrong').length / arrivals.length
    return [
      told(
        'run',
        `seed 7, ${2 * events} pairs, clock ${JSON.stringify(clock)}, ${Math.round(100 * wrong)} % of the requests by it`,
      ),
      exactly('drained', Number(drained), 1),
      // Timestamps are those of the workers: nothing to be compared here.
      ...figuresOf({ ...books, wronglySigned: 0 }, 2 * events, duplicates(seconds)),
      atMost('given up', (await rig.deliveries('failed')).length, 0),
      atMost('requests of a pair', books.mostRequests, MOST_REQUESTS),
    ]
  })
  return figures ?? []
}
