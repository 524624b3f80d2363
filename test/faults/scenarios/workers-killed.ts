import { seeded } from '../../../src/testing/simulation/seeded.ts'
import { atMost, exactly, figuresOf, told } from '../harness/figures.ts'
import { killWorkers } from '../harness/kills.ts'
import type { StorePlace } from '../harness/open-store.ts'
import { STORES } from '../harness/places.ts'
import { SLOTS, withRig } from '../harness/rig.ts'
import type { Figure, Scale, Scenario } from '../scenario.ts'

const SCALES = {
  full: { events: 5_000, kills: 20 },
  short: { events: 400, kills: 3 },
}
const SEED = 1

export const scenarios: readonly Scenario[] = STORES.map(kind => ({
  name: `R1, R2 · ${kind}`,
  title: 'workers are killed at random, and every event reaches every endpoint',
  run: scale => killAll(kind, scale),
}))

async function killAll(kind: StorePlace['kind'], scale: Scale): Promise<readonly Figure[]> {
  const { events, kills } = SCALES[scale]
  const figures = await withRig({ kind, seed: SEED }, async rig => {
    const workers = await Promise.all(['one', 'two'].map(name => rig.worker(name)))
    await rig.producer(events)
    await killWorkers(workers, { kills, random: seeded(SEED), restart: name => rig.worker(name) })
    const drained = await rig.drained(240_000)
    const requests = rig.arrivals().length
    const attempts = await countAttempts(rig.deliveries())
    return [
      told('run', `seed ${SEED}, ${kills} kills of 2 workers × ${SLOTS}, ${2 * events} pairs, ${requests} requests`),
      exactly('drained', Number(drained), 1),
      ...figuresOf(await rig.books(), 2 * events, kills * SLOTS),
      atMost('requests without a record', requests - attempts, kills * SLOTS),
    ]
  })
  return figures ?? []
}

async function countAttempts(deliveries: Promise<ReadonlyArray<{ readonly attempts: number }>>): Promise<number> {
  return (await deliveries).reduce((sum, { attempts }) => sum + attempts, 0)
}
