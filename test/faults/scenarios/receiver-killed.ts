import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { seeded } from '../../../src/testing/simulation/seeded.ts'
import type { DeathPoint, ReceiverSettings } from '../children/receiver.ts'
import { type Child, type StartChild, withChildren } from '../harness/children.ts'
import { atMost, exactly, told } from '../harness/figures.ts'
import { isAcknowledged, sendOnce } from '../harness/inbound.ts'
import { openStore, type StorePlace } from '../harness/open-store.ts'
import { type Place, STORES, withPlace } from '../harness/places.ts'
import { pause, until } from '../harness/rig.ts'
import type { Figure, Scale, Scenario } from '../scenario.ts'

const POINTS: readonly DeathPoint[] = [
  'before-accepting',
  'after-accepting',
  'handler-start',
  'handler-end',
  'before-mark-done',
  'before-response',
]
const SCALES = { full: { events: 5_000, perPoint: 4, random: 20 }, short: { events: 300, perPoint: 1, random: 1 } }
const WAYS = ['on-receipt', 'after-handling'] as const
/** What one process does at a time: so many handlers may run again after its death. */
const AT_ONCE = 16
const CLAIM_SECONDS = 2

/** How one of the processes ends. */
type Death = { readonly point: DeathPoint; readonly time: number } | { readonly afterMs: number } | undefined

export const scenarios: readonly Scenario[] = STORES.flatMap(kind =>
  WAYS.map(way => ({
    name: `R6 · ${kind} · ${way}`,
    title: 'a receiver is killed, at random and at every step, and nothing that it acknowledged is lost',
    run: (scale: Scale) => killAll(kind, way, scale),
  })),
)

async function killAll(
  kind: StorePlace['kind'],
  acknowledge: (typeof WAYS)[number],
  scale: Scale,
): Promise<readonly Figure[]> {
  const { events, perPoint, random: randomKills } = SCALES[scale]
  const random = seeded(6)
  const atPoints = POINTS.flatMap(point =>
    Array.from({ length: perPoint }, () => ({ point, time: 10 + Math.floor(15 * random()) })),
  )
  const atRandom = Array.from({ length: randomKills }, () => ({ afterMs: 100 + 400 * random() }))
  const deaths: Death[] = [...atPoints, ...atRandom, undefined]
  const figures = await withPlace(kind, place =>
    withChildren(async start => {
      const run = new ReceiverRun(place, start, acknowledge, events)
      for (const [life, death] of deaths.entries()) {
        const lives = deaths.length - life
        await run.live(life, death, Math.ceil((events - run.acknowledged.size) / lives))
      }
      return [...run.figures(deaths.length - 1), exactly('ended at their point', run.ended, atPoints.length)]
    }),
  )
  return figures ?? []
}

/** A sender that repeats each event until it is acknowledged, and one life of the receiver after the other. */
class ReceiverRun {
  readonly acknowledged = new Set<string>()
  /** Lives that ended at their point. */
  ended = 0
  /** Three processes in a row died with them: set aside on record, to be retried by hand. */
  readonly #givenUp = new Set<string>()
  readonly #place: Place
  readonly #start: StartChild
  readonly #settings: Omit<ReceiverSettings, 'aheadMs' | 'dieAt'>
  readonly #open: string[]
  readonly #all: ReadonlySet<string>

  constructor(place: Place, start: StartChild, acknowledge: ReceiverSettings['acknowledge'], events: number) {
    this.#place = place
    this.#start = start
    const log = join(place.folder, 'handled')
    this.#settings = { place: place.store, acknowledge, log, handlerMs: 5, claimSeconds: CLAIM_SECONDS }
    this.#open = Array.from({ length: events }, (_, i) => `event-${i}`)
    this.#all = new Set(this.#open)
  }

  /** Starts a receiver, sends to it until it is dead; the last one lives until all is acknowledged and handled. */
  async live(life: number, death: Death, share: number): Promise<void> {
    // What the process before held in its queue is free at once: each lives a little later than the one before.
    const aheadMs = life * 120_000
    const dieAt = death !== undefined && 'point' in death ? { dieAt: death } : {}
    const child = await this.#start('receiver', { ...this.#settings, aheadMs, ...dieAt })
    const sending = this.#send(Number(child.hello), child, death === undefined ? Number.POSITIVE_INFINITY : share)
    if (death !== undefined && 'afterMs' in death) {
      await pause(death.afterMs)
      await child.kill()
    }
    await sending
    if (death === undefined) await this.#drained(child)
    else if ('point' in death) await this.#untilDead(child)
  }

  async #send(port: number, child: Child, share: number): Promise<void> {
    const enough = this.acknowledged.size + share
    const sendOn = async (): Promise<void> => {
      while (child.isRunning && this.#open.length > 0 && this.acknowledged.size < enough) {
        const id = this.#open.shift() ?? ''
        const status = await sendOnce(port, id)
        if (isAcknowledged(status)) this.acknowledged.add(id)
        else this.#open.push(id)
        // 409: the claim of a process that died has not run out yet.
        if (status === 409) await pause(50)
      }
    }
    await Promise.all(Array.from({ length: AT_ONCE }, sendOn))
  }

  /** Handlers may come to their point only after the answers. */
  async #untilDead(child: Child): Promise<void> {
    if (await until(() => !child.isRunning, 20_000)) this.ended++
    else await child.kill()
  }

  async #drained(child: Child): Promise<void> {
    const store = openStore(this.#place.store)
    await until(async () => (await store.deliveries.list({ status: 'pending', limit: 1 })).items.length === 0, 120_000)
    const { items } = await store.deliveries.list({ status: 'failed', limit: 250 })
    for (const { id } of items) {
      const found = await store.deliveries.get(id)
      this.#givenUp.add(/"(event-\d+)"/.exec(found?.event.data ?? '')?.[1] ?? '')
    }
    await store.close()
    await child.kill()
  }

  figures(deaths: number): readonly Figure[] {
    const file = this.#settings.log
    const handled = existsSync(file) ? readFileSync(file, 'utf8').split('\n').slice(0, -1) : []
    const seen = new Set(handled)
    const lost = [...this.acknowledged].filter(id => !seen.has(id) && !this.#givenUp.has(id))
    return [
      told('run', `seed 6, ${this.#all.size} events, ${deaths} deaths`),
      exactly('acknowledged in the end', this.acknowledged.size, this.#all.size),
      atMost('acknowledged, but neither handled nor on record', lost.length, 0),
      told('set aside on record', String(this.#givenUp.size)),
      atMost('handled, but never sent', [...seen].filter(id => !this.#all.has(id)).length, 0),
      atMost('handled again', handled.length - seen.size, deaths * AT_ONCE),
    ]
  }
}
