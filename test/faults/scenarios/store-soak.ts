import { spawn } from 'node:child_process'
import type { Sample, SoakSettings } from '../children/soak.ts'
import { childScript } from '../harness/bundle.ts'
import { atMost, told } from '../harness/figures.ts'
import type { StorePlace } from '../harness/open-store.ts'
import { withPlace } from '../harness/places.ts'
import type { Figure, Scale, Scenario } from '../scenario.ts'

const MB = 1_048_576
const DELIVERIES = { short: 10_000, full: 200_000 }
const RECEIVED = {
  short: { count: 50_000, maxDedupeEntries: 5_000 },
  full: { count: 1_000_000, maxDedupeEntries: 100_000 },
}
/** What is kept on purpose must be full before anything can be called flat: the default, but for a short run. */
const KEPT = { short: 500, full: 10_000 }
/** In a short run the compiler's own memory is more than that of the deliveries. */
const GROWTH_MB = { short: 8, full: 1 }

export const scenarios: readonly Scenario[] = [
  {
    name: 'R10 · memory',
    title: 'memory and descriptors stay flat while deliveries go on',
    run: scale => deliver(undefined, scale),
  },
  ...(['SQLite', 'PostgreSQL'] as const).map(kind => ({
    name: `R10 · ${kind}`,
    title: 'memory and descriptors stay flat while deliveries go on (at full scale only)',
    run: async (scale: Scale) =>
      scale === 'full' ? ((await withPlace(kind, ({ store }) => deliver(store, scale))) ?? []) : [],
  })),
  {
    name: 'R10 · received ids',
    title: 'ids of received events are forgotten beyond their limit',
    run: receive,
  },
]

async function deliver(place: StorePlace | undefined, scale: Scale): Promise<readonly Figure[]> {
  const count = DELIVERIES[scale]
  const samples = await soak({ place, work: 'deliver', count, maxDedupeEntries: 1_000, maxKept: KEPT[scale] })
  // The first fifth fills what is kept and compiles what is used.
  const warm = samples.slice(Math.ceil(samples.length / 5))
  const perTenThousand = (slope(warm) * 10_000) / MB
  const descriptors = warm.map(sample => sample.descriptors)
  return [
    told('deliveries', String(count)),
    atMost('growth of the heap for 10,000 deliveries', Math.max(0, perTenThousand), GROWTH_MB[scale], ' MB'),
    atMost('descriptors, most less fewest', Math.max(...descriptors) - Math.min(...descriptors), 10),
  ]
}

async function receive(scale: Scale): Promise<readonly Figure[]> {
  const { count, maxDedupeEntries } = RECEIVED[scale]
  const samples = await soak({ place: undefined, work: 'receive', count, maxDedupeEntries, maxKept: KEPT[scale] })
  const [first, last] = [samples[0], samples.at(-1)]
  const grown = ((last?.heapBytes ?? Number.NaN) - (first?.heapBytes ?? Number.NaN)) / MB
  return [
    told('distinct ids', `${count}, of which ${maxDedupeEntries} are kept`),
    atMost('growth of the heap', Math.max(0, grown), 50, ' MB'),
  ]
}

/** Bytes for each delivery, by the line that fits best. */
function slope(samples: readonly Sample[]): number {
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length
  const [x, y] = [mean(samples.map(({ done }) => done)), mean(samples.map(({ heapBytes }) => heapBytes))]
  const above = samples.reduce((sum, { done, heapBytes }) => sum + (done - x) * (heapBytes - y), 0)
  return above / samples.reduce((sum, { done }) => sum + (done - x) ** 2, 0)
}

async function soak(settings: SoakSettings): Promise<readonly Sample[]> {
  const script = await childScript('soak')
  const child = spawn(process.execPath, ['--expose-gc', script, JSON.stringify(settings)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let text = ''
  child.stdout.setEncoding('utf8').on('data', (piece: string) => {
    text += piece
  })
  const code = await new Promise(resolve => child.once('close', resolve))
  if (code !== 0) throw new Error(`the soaked process ended with ${String(code)}`)
  return text.split('\n').flatMap(line => (line.startsWith('{') ? [JSON.parse(line) as Sample] : []))
}
