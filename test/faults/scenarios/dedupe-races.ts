import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ReceiverSettings } from '../children/receiver.ts'
import { withChildren } from '../harness/children.ts'
import { atMost, exactly, told } from '../harness/figures.ts'
import { isAcknowledged, sendOnce } from '../harness/inbound.ts'
import type { StorePlace } from '../harness/open-store.ts'
import { STORES, withPlace } from '../harness/places.ts'
import { pause } from '../harness/rig.ts'
import type { Figure, Scale, Scenario } from '../scenario.ts'

const SCALES = { full: { ids: 200, failing: 50 }, short: { ids: 15, failing: 5 } }
const REPEATS = 50

export const scenarios: readonly Scenario[] = STORES.map(kind => ({
  name: `R7 · ${kind}`,
  title: 'the same request comes fifty times at once, to two processes, and is handled once',
  run: scale => raceAll(kind, scale),
}))

async function raceAll(kind: StorePlace['kind'], scale: Scale): Promise<readonly Figure[]> {
  const { ids, failing } = SCALES[scale]
  const figures = await withPlace(kind, ({ store: place, folder }) =>
    withChildren(async start => {
      const log = join(folder, 'handled')
      const handlerMs = 20
      const settings: ReceiverSettings = { place, log, handlerMs, acknowledge: 'after-handling', claimSeconds: 300 }
      const receivers = await Promise.all([start('receiver', settings), start('receiver', settings)])
      const ports = receivers.map(({ hello }) => Number(hello))
      const statuses = new Map<number, number>()
      for (let i = 0; i < ids; i++) await race(ports, `event-${i}`, statuses)
      for (let i = 0; i < failing; i++) await race(ports, `fails-${i}`, statuses)
      const handled = existsSync(log) ? readFileSync(log, 'utf8').split('\n').slice(0, -1) : []
      const good = handled.filter(id => id.startsWith('event'))
      const recovered = handled.filter(id => id.startsWith('fails'))
      const expected = [200, 409, 500].reduce((sum, status) => sum + (statuses.get(status) ?? 0), 0)
      const all = [...statuses.values()].reduce((sum, count) => sum + count, 0)
      return [
        told('run', `${ids + failing} ids × ${REPEATS} at once over 2 processes`),
        exactly('runs of the handler that came to their end', good.length, ids),
        exactly('ids handled', new Set(good).size, ids),
        exactly('ids handled after a run that failed', new Set(recovered).size, failing),
        exactly('runs of those that came to their end', recovered.length, failing),
        atMost('answers other than 200, 409 and 500', all - expected, 0),
      ]
    }),
  )
  return figures ?? []
}

/** Sends an event many times at once, and then again as its sender would, until it is acknowledged. */
async function race(ports: readonly number[], id: string, statuses: Map<number, number>): Promise<void> {
  const send = async (i: number): Promise<boolean> => {
    const status = await sendOnce(ports[i % ports.length] ?? 0, id)
    statuses.set(status, (statuses.get(status) ?? 0) + 1)
    return isAcknowledged(status)
  }
  await Promise.all(Array.from({ length: REPEATS }, (_, i) => send(i)))
  // Each of the two processes fails once.
  for (let i = 0; i < 20; i++) {
    if (await send(i)) return
    await pause(50)
  }
}
