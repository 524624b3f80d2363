import type { Arrival } from '../children/endpoint.ts'
import { atLeast, atMost, figuresOf, percentile, told } from '../harness/figures.ts'
import type { StorePlace } from '../harness/open-store.ts'
import { STORES } from '../harness/places.ts'
import { LEASE_SECONDS, type Rig, SLOTS, until, withRig } from '../harness/rig.ts'
import type { Figure, Scale, Scenario } from '../scenario.ts'

const SCALES = {
  full: { rounds: 12, events: 1_500, withinSeconds: LEASE_SECONDS + 2 },
  // The machine may be busy with other tests.
  short: { rounds: 1, events: 100, withinSeconds: LEASE_SECONDS + 20 },
}
const ANSWERS_AFTER_MS = [400, 600] as const

export const scenarios: readonly Scenario[] = STORES.map(kind => ({
  name: `R8 · ${kind}`,
  title: 'what a dead worker was doing is done by another when its lease has run out',
  run: scale => takeOver(kind, scale),
}))

async function takeOver(kind: StorePlace['kind'], scale: Scale): Promise<readonly Figure[]> {
  const { rounds, events, withinSeconds } = SCALES[scale]
  const endpoint = { failing: 0, answersAfterMs: ANSWERS_AFTER_MS }
  const figures = await withRig({ kind, seed: 8, endpoint }, async rig => {
    await rig.producer(events)
    await rig.worker('survivor')
    const waits: number[] = []
    for (let round = 0; round < rounds; round++) waits.push(...(await killBusy(rig, `victim-${round}`, withinSeconds)))
    await rig.drained(120_000)
    return [
      told('run', `${rounds} kills of a busy worker, lease ${LEASE_SECONDS} s`),
      atLeast('requests cut off', waits.length, rounds),
      atMost('from kill to repeat, p99', percentile(waits, 0.99), withinSeconds, ' s'),
      ...figuresOf(await rig.books(), 2 * events, rounds * SLOTS),
    ]
  })
  return figures ?? []
}

/** Kills a worker in the middle of its requests; how long each of them waited, in seconds, until it was made again. */
async function killBusy(rig: Rig, name: string, withinSeconds: number): Promise<readonly number[]> {
  const victim = await rig.worker(name)
  const own = (): readonly Arrival[] => rig.arrivals().filter(({ worker }) => worker === name)
  await until(() => own().length >= SLOTS, 20_000)
  const killedAtMs = Date.now()
  await victim.kill()
  const cut = own().filter(({ answerAtMs }) => answerAtMs > killedAtMs)
  const repeatsOf = () =>
    cut.map(({ deliveryId }) => rig.arrivals().find(one => one.deliveryId === deliveryId && one.atMs > killedAtMs))
  await until(() => repeatsOf().every(Boolean), 1000 * (withinSeconds + 10))
  return repeatsOf().map(again => ((again?.atMs ?? Number.POSITIVE_INFINITY) - killedAtMs) / 1000)
}
