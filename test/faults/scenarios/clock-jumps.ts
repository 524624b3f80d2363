import { atMost, exactly, figuresOf, told } from '../harness/figures.ts'
import type { StorePlace } from '../harness/open-store.ts'
import { STORES } from '../harness/places.ts'
import { withRig } from '../harness/rig.ts'
import type { Figure, Scale, Scenario } from '../scenario.ts'

const HOUR_MS = 3_600_000
const CLOCKS = [
  { name: 'an hour behind', clock: { aheadMs: -HOUR_MS } },
  { name: 'a day ahead', clock: { aheadMs: 24 * HOUR_MS } },
  { name: '± 5 minutes every second', clock: { jumpMs: HOUR_MS / 12 } },
] as const
const EVENTS = { full: 1_000, short: 150 }
/** One request in eight fails: nobody needs more than this by chance. */
const MOST_REQUESTS = 8

export const scenarios: readonly Scenario[] = STORES.flatMap(kind =>
  CLOCKS.map(({ name, clock }) => ({
    name: `F7 · ${kind} · ${name}`,
    title: 'the clock of one of two workers is wrong',
    run: (scale: Scale) => deliverAll(kind, scale, clock),
  })),
)

async function deliverAll(
  kind: StorePlace['kind'],
  scale: Scale,
  clock: (typeof CLOCKS)[number]['clock'],
): Promise<readonly Figure[]> {
  const events = EVENTS[scale]
  const figures = await withRig({ kind, seed: 7 }, async rig => {
    await rig.worker('right', { leaseSeconds: 10 })
    await rig.worker('wrong', { leaseSeconds: 10, clock })
    await rig.producer(events, { pauseMs: 10 })
    const drained = await rig.drained(120_000)
    const books = await rig.books()
    const pairs = 2 * events
    return [
      told('run', `seed 7, ${pairs} pairs, ${books.duplicates} duplicates`),
      exactly('drained', Number(drained), 1),
      ...figuresOf({ ...books, wronglySigned: 0 }, pairs),
      atMost('given up', (await rig.deliveries('failed')).length, 0),
      atMost('requests of a pair', books.mostRequests, MOST_REQUESTS),
    ]
  })
  return figures ?? []
}
