import { seeded } from '../../outbound/seeded.ts'
import type { Arrival } from '../children/endpoint.ts'
import { atMost, exactly, figuresOf, percentile, told } from '../harness/figures.ts'
import { type KilledWorker, killWorkers } from '../harness/kills.ts'
import type { StorePlace } from '../harness/open-store.ts'
import { STORES } from '../harness/places.ts'
import { LEASE_SECONDS, SLOTS, withRig } from '../harness/rig.ts'
import type { Figure, Scale, Scenario } from '../scenario.ts'

const SCALES = {
  full: { events: 5_000, kills: 20, pickUpSeconds: LEASE_SECONDS + 2 },
  // The machine may be busy with other tests.
  short: { events: 600, kills: 3, pickUpSeconds: LEASE_SECONDS + 20 },
}
const SEED = 1

export const scenarios: readonly Scenario[] = STORES.map(kind => ({
  name: `R1, R2, R8 · ${kind}`,
  title: 'workers are killed at random, and every event reaches every endpoint',
  run: scale => killAll(kind, scale),
}))

async function killAll(kind: StorePlace['kind'], scale: Scale): Promise<readonly Figure[]> {
  const { events, kills, pickUpSeconds } = SCALES[scale]
  const figures = await withRig({ kind, seed: SEED }, async rig => {
    const workers = await Promise.all(['one', 'two'].map(name => rig.worker(name)))
    await rig.producer(events)
    const killed = await killWorkers(workers, { kills, random: seeded(SEED), restart: name => rig.worker(name) })
    const drained = await rig.drained(240_000)
    const arrivals = rig.arrivals()
    const repeats = secondsToRepeat(killed, arrivals)
    const [attempts, requests] = [await countAttempts(rig.deliveries()), arrivals.length]
    return [
      told('run', `seed ${SEED}, ${kills} kills of 2 workers × ${SLOTS}, ${2 * events} pairs, ${requests} requests`),
      exactly('drained', Number(drained), 1),
      ...figuresOf(await rig.books(), kills * SLOTS),
      atMost('requests without a record', requests - attempts, kills * SLOTS),
      atMost(`from kill to repeat, p99 of ${repeats.length}`, percentile(repeats, 0.99), pickUpSeconds, ' s'),
    ]
  })
  return figures ?? []
}

/** For each request that a worker left unanswered as it was killed: when somebody made it again. */
function secondsToRepeat(killed: readonly KilledWorker[], arrivals: readonly Arrival[]): number[] {
  return killed.flatMap(({ name, atMs }) => {
    const cut = arrivals.filter(one => one.worker === name && one.atMs <= atMs && one.answerAtMs > atMs)
    return cut.map(one => {
      const again = arrivals.find(other => other.deliveryId === one.deliveryId && other.atMs > atMs)
      return ((again?.atMs ?? Number.POSITIVE_INFINITY) - atMs) / 1000
    })
  })
}

async function countAttempts(deliveries: Promise<ReadonlyArray<{ readonly attempts: number }>>): Promise<number> {
  return (await deliveries).reduce((sum, { attempts }) => sum + attempts, 0)
}
