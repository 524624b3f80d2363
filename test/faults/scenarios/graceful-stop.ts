import { seeded } from '../../../src/testing/simulation/seeded.ts'
import { atMost, exactly, figuresOf, told } from '../harness/figures.ts'
import type { StorePlace } from '../harness/open-store.ts'
import { STORES } from '../harness/places.ts'
import { GRACE_SECONDS, pause, SLOTS, withRig } from '../harness/rig.ts'
import type { Figure, Scale, Scenario } from '../scenario.ts'

const SCALES = { full: { events: 4_000, stops: 20 }, short: { events: 300, stops: 2 } }

export const scenarios: readonly Scenario[] = STORES.map(kind => ({
  name: `F16 · ${kind}`,
  title: 'workers are told to stop under load, and leave nothing behind',
  run: scale => stopAll(kind, scale),
}))

async function stopAll(kind: StorePlace['kind'], scale: Scale): Promise<readonly Figure[]> {
  const { events, stops } = SCALES[scale]
  const random = seeded(16)
  const figures = await withRig({ kind, seed: 16 }, async rig => {
    const settings = { leaseSeconds: 30 }
    const workers = await Promise.all(['one', 'two'].map(name => rig.worker(name, settings)))
    await rig.producer(events)
    const seconds: number[] = []
    let unclean = 0
    for (let stop = 0; stop < stops; stop++) {
      await pause(200 + 500 * random())
      const place = Math.floor(random() * workers.length)
      const from = Date.now()
      workers[place]?.signal('SIGTERM')
      const end = await workers[place]?.ended
      seconds.push((Date.now() - from) / 1000)
      if (end?.code !== 0) unclean++
      workers[place] = await rig.worker(`after-${stop}`, settings)
    }
    const drained = await rig.drained(240_000)
    return [
      told('run', `seed 16, ${stops} × SIGTERM, 2 workers × ${SLOTS}, ${2 * events} pairs`),
      exactly('drained', Number(drained), 1),
      ...figuresOf(await rig.books(), 2 * events, 0),
      atMost('ended otherwise than by themselves', unclean, 0),
      atMost('longest stop', Math.max(...seconds), GRACE_SECONDS + 2, ' s'),
    ]
  })
  return figures ?? []
}
