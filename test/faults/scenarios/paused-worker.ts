import { atMost, exactly, told } from '../harness/figures.ts'
import type { StorePlace } from '../harness/open-store.ts'
import { STORES } from '../harness/places.ts'
import { pause, type Rig, until, withRig } from '../harness/rig.ts'
import type { Figure, Scale, Scenario } from '../scenario.ts'

/** One for each endpoint: a worker begins with one request to each, and these come at once. */
const PAIRS = 4
const ROUNDS = { full: 12, short: 2 }
const LEASE_SECONDS = 2
/** Long enough for the pause to come before the first answer. */
const ANSWERS_AFTER_MS = 1_500

export const scenarios: readonly Scenario[] = STORES.map(kind => ({
  name: `F6 · ${kind}`,
  title: 'a worker is paused past its lease: what it writes afterwards changes nothing that another one did',
  run: scale => pauseAll(kind, scale),
}))

async function pauseAll(kind: StorePlace['kind'], scale: Scale): Promise<readonly Figure[]> {
  const rounds = ROUNDS[scale]
  // The first answer is a failure, the second a success: whoever writes last of the two is seen in the state.
  const endpoint = { failing: 0, failFirst: 1, answersAfterMs: [ANSWERS_AFTER_MS, ANSWERS_AFTER_MS] as const }
  const figures = await withRig({ kind, seed: 66, endpoint, subscriptions: 1 }, async rig => {
    for (let round = 0; round < rounds; round++) await pauseOne(rig, round)
    const deliveries = await rig.deliveries()
    const pairs = rounds * PAIRS
    const attempts = await Promise.all(
      deliveries.map(async ({ id }) => (await rig.store.attempts.list({ deliveryId: id })).items),
    )
    const takenOver = deliveries.filter(({ id }) => {
      const [first, second] = rig.arrivals().filter(({ deliveryId }) => deliveryId === id)
      return first?.worker.startsWith('sleeper') === true && second?.worker.startsWith('other') === true
    })
    const both = attempts.filter(list => list.some(one => one.status === 500) && list.some(one => one.status === 200))
    return [
      told('run', `${rounds} × SIGSTOP of a worker with ${PAIRS} requests, lease ${LEASE_SECONDS} s`),
      exactly('taken over', takenOver.length, pairs),
      exactly('as the second worker left them', deliveries.filter(one => one.status === 'succeeded').length, pairs),
      exactly('with both attempts on record', both.length, pairs),
      atMost('requests of a delivery', (await rig.books()).mostRequests, 2),
    ]
  })
  return figures ?? []
}

/** One worker sends and is paused, another one takes over and finishes; then the first one goes on. */
async function pauseOne(rig: Rig, round: number): Promise<void> {
  const settings = { leaseSeconds: LEASE_SECONDS }
  const before = rig.arrivals().length
  const sleeper = await rig.worker(`sleeper-${round}`, settings)
  await rig.producer((round + 1) * PAIRS, { from: round * PAIRS, atOnce: PAIRS })
  await until(() => rig.arrivals().length >= before + PAIRS, 20_000, 5)
  sleeper.signal('SIGSTOP')
  const other = await rig.worker(`other-${round}`, settings)
  await rig.drained(30_000)
  sleeper.signal('SIGCONT')
  // It has its answers now, and writes them down.
  await pause(ANSWERS_AFTER_MS)
  await sleeper.kill()
  await other.kill()
}
