import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { seeded } from '../../../src/testing/simulation/seeded.ts'
import { atLeast, atMost, told } from '../harness/figures.ts'
import type { StorePlace } from '../harness/open-store.ts'
import { STORES } from '../harness/places.ts'
import { type Rig, until, withRig } from '../harness/rig.ts'
import type { Figure, Scale, Scenario } from '../scenario.ts'

const SUBSCRIPTIONS = 3
const SCALES = { full: { kills: 20, each: 100 }, short: { kills: 3, each: 60 } }

export const scenarios: readonly Scenario[] = STORES.map(kind => ({
  name: `R5 · ${kind}`,
  title: 'producers are killed while they publish: an event has all of its deliveries, or none',
  run: scale => killAll(kind, scale),
}))

async function killAll(kind: StorePlace['kind'], scale: Scale): Promise<readonly Figure[]> {
  const { kills, each } = SCALES[scale]
  const figures = await withRig({ kind, seed: 5, subscriptions: SUBSCRIPTIONS }, async rig => {
    const random = seeded(5)
    for (let life = 0; life < kills; life++) await killOne(rig, life, each, random)
    const events = readEvents(rig)
    const accepted = events.filter(([sign]) => sign === '!').map(([, , eventId]) => eventId)
    const counts = new Map<string, number>()
    for (const { eventId } of await rig.deliveries()) counts.set(eventId, (counts.get(eventId) ?? 0) + 1)
    return [
      told('run', `seed 5, ${kills} kills, × ${SUBSCRIPTIONS} subscriptions, ${counts.size} events stored`),
      atLeast('accepted', accepted.length, kills * each * 0.5),
      atMost('accepted, but not stored', accepted.filter(id => !counts.has(id ?? '')).length, 0),
      atMost('events with some deliveries', [...counts.values()].filter(count => count !== SUBSCRIPTIONS).length, 0),
      atMost('stored, though publishing was not answered', counts.size - accepted.length, kills * 8),
    ]
  })
  return figures ?? []
}

/** A producer publishes in a tight loop, and dies at some moment once it was told of so many events. */
async function killOne(rig: Rig, life: number, each: number, random: () => number): Promise<void> {
  const before = readEvents(rig).length
  const producer = await rig.producer((life + 1) * 1_000_000, { from: life * 1_000_000 })
  const enough = 2 * each * (0.75 + 0.5 * random())
  await until(() => readEvents(rig).length - before >= enough, 30_000, 1)
  await producer.kill()
}

function readEvents({ place }: Rig): ReadonlyArray<readonly string[]> {
  const lines = readFileSync(join(place.folder, 'events'), { encoding: 'utf8', flag: 'a+' }).split('\n')
  return lines.slice(0, -1).map(line => line.split(' '))
}
