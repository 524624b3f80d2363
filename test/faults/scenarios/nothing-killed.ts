import { atLeast, atMost, exactly, figuresOf, told } from '../harness/figures.ts'
import type { StorePlace } from '../harness/open-store.ts'
import { SLOTS, withRig } from '../harness/rig.ts'
import type { Figure, Scale, Scenario } from '../scenario.ts'

const CASES = [
  { kind: 'SQLite', full: { workers: 2, events: 5_000 }, short: { workers: 2, events: 300 } },
  { kind: 'PostgreSQL', full: { workers: 8, events: 25_000 }, short: { workers: 4, events: 400 } },
] as const

export const scenarios: readonly Scenario[] = CASES.map(({ kind, ...scales }) => ({
  name: `R2, F17 · ${kind}`,
  title: 'nothing is killed: workers deliver everything once, and share the work',
  run: scale => deliverAll(kind, scales[scale].workers, scales[scale].events, scale),
}))

async function deliverAll(
  kind: StorePlace['kind'],
  count: number,
  events: number,
  scale: Scale,
): Promise<readonly Figure[]> {
  const endpoint = { answersAfterMs: [10, 30] as const }
  const figures = await withRig({ kind, seed: 17, endpoint }, async rig => {
    // A busy machine may hold a process up: no lease may run out for that alone.
    const settings = { leaseSeconds: 30 }
    await Promise.all(Array.from({ length: count }, (_, i) => rig.worker(`worker-${i}`, settings)))
    await rig.producer(events, { atOnce: 4 })
    const drained = await rig.drained(280_000)
    const arrivals = rig.arrivals()
    const shares = Array.from({ length: count }, (_, i) => {
      const own = arrivals.filter(({ worker }) => worker === `worker-${i}`)
      return (100 * own.length) / arrivals.length
    })
    const attempts = (await rig.deliveries()).reduce((sum, delivery) => sum + delivery.attempts, 0)
    return [
      told('run', `seed 17, ${count} workers × ${SLOTS}, ${2 * events} pairs`),
      exactly('drained', Number(drained), 1),
      ...figuresOf(await rig.books(), 2 * events, 0),
      atMost('requests without a record', arrivals.length - attempts, 0),
      // Few pairs are gone before every worker has begun.
      atLeast('smallest share of a worker', Math.floor(Math.min(...shares)), scale === 'full' ? 5 : 0, ' %'),
    ]
  })
  return figures ?? []
}
