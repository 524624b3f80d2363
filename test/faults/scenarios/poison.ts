import { atMost, exactly, told } from '../harness/figures.ts'
import type { StorePlace } from '../harness/open-store.ts'
import { STORES } from '../harness/places.ts'
import { type Rig, until, withRig } from '../harness/rig.ts'
import type { Figure, Scale, Scenario } from '../scenario.ts'

const SCALES = { full: { events: 1_000, poison: 20 }, short: { events: 60, poison: 1 } }
/** What a worker died of comes back when its lease has run out. */
const LEASE_SECONDS = 1

export const scenarios: readonly Scenario[] = STORES.map(kind => ({
  name: `F15 · ${kind}`,
  title: 'deliveries that crash their worker are set aside, and the others are delivered',
  run: scale => poison(kind, scale),
}))

async function poison(kind: StorePlace['kind'], scale: Scale): Promise<readonly Figure[]> {
  const { events, poison: count } = SCALES[scale]
  const poisoned = Array.from({ length: count }, (_, i) => Math.floor(((i + 0.5) * events) / count))
  const endpoint = { failing: 0, answersAfterMs: [5, 20] as const }
  const figures = await withRig({ kind, seed: 15, endpoint, subscriptions: 1 }, async rig => {
    const supervisor = supervise(rig)
    await rig.producer(events, { pauseMs: scale === 'full' ? 400 : 5, poison: poisoned })
    const drained = await rig.drained(280_000)
    const deaths = await supervisor.stop()
    const aside = await rig.deliveries('failed')
    const delivered = new Set(rig.arrivals().map(({ number }) => number))
    return [
      told('run', `${events} deliveries, ${count} of them poison, ${deaths} deaths`),
      exactly('drained', Number(drained), 1),
      exactly('set aside', aside.length, count),
      exactly('that say why', aside.filter(({ lastError }) => lastError?.startsWith('set aside')).length, count),
      exactly('others delivered', delivered.size, events - count),
      atMost('deaths', deaths, 3 * count),
    ]
  })
  return figures ?? []
}

/** Keeps two workers running: starts another one whenever one has died. */
function supervise(rig: Rig) {
  let stopped = false
  let deaths = 0
  const keep = async (name: string): Promise<void> => {
    for (let life = 0; !stopped; life++) {
      const settings = { leaseSeconds: LEASE_SECONDS, fault: 'dies-of-poison' } as const
      const worker = await rig.worker(`${name}-${life}`, settings)
      await until(() => stopped || !worker.isRunning, 600_000)
      if (!worker.isRunning) deaths++
      else await worker.kill()
    }
  }
  const keeping = Promise.all(['one', 'two'].map(keep))
  return {
    async stop() {
      stopped = true
      await keeping
      return deaths
    },
  }
}
