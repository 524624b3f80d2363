import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { seeded } from '../../../src/testing/simulation/seeded.ts'
import { type OwnPostgres, startOwnPostgres } from '../../support/postgres.ts'
import { atLeast, atMost, exactly, figuresOf, told } from '../harness/figures.ts'
import { killWorkers } from '../harness/kills.ts'
import { pause, type Rig, SLOTS, until, withRigAt } from '../harness/rig.ts'
import type { Figure, Scale, Scenario } from '../scenario.ts'

const SCALES = {
  full: { events: 5_000, kills: 20, stops: 3, resumesWithinSeconds: 5 },
  // The machine may be busy with other tests.
  short: { events: 500, kills: 1, stops: 1, resumesWithinSeconds: 20 },
}
const DOWN_MS = 1_500

export const scenarios: readonly Scenario[] = [
  { name: 'R3 · PostgreSQL', title: 'the server is stopped at once, and started again, under load', run: stopServer },
]

async function stopServer(scale: Scale): Promise<readonly Figure[]> {
  const server = await startOwnPostgres()
  if (server === undefined) return []
  const folder = mkdtempSync(join(tmpdir(), 'crm-webhooks-faults-'))
  try {
    const place = { store: { kind: 'PostgreSQL', url: server.url }, folder } as const
    return await withRigAt(place, { seed: 3 }, rig => killAll(rig, server, scale))
  } finally {
    await server.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

async function killAll(rig: Rig, server: OwnPostgres, scale: Scale): Promise<readonly Figure[]> {
  const { events, kills, stops, resumesWithinSeconds } = SCALES[scale]
  const random = seeded(3)
  const workers = await Promise.all(['one', 'two'].map(name => rig.worker(name)))
  // Publishing goes on all the time: some of it meets a server that is away.
  await rig.producer(events, { pauseMs: scale === 'full' ? 25 : 10 })
  const resumed: number[] = []
  for (let stop = 0; stop < stops; stop++) {
    await pause(1_000)
    resumed.push(await stopOnce(rig, server))
  }
  await killWorkers(workers, { kills, random, restart: name => rig.worker(name) })
  const drained = await rig.drained(240_000)
  const books = await rig.books()
  return [
    told('run', `seed 3, ${stops} stops of ${DOWN_MS} ms, ${kills} kills of 2 workers × ${SLOTS}, ${2 * events} pairs`),
    exactly('drained', Number(drained), 1),
    // Both workers lose what they had in flight when the server goes.
    // What the server did not take was refused, so it is not lost.
    atLeast('accepted of all', books.accepted / (2 * events), 0.7),
    ...figuresOf(books, books.accepted, (kills + 2 * stops) * SLOTS),
    told('delivered, though publishing was not answered', String(books.recovered)),
    atMost('from start to delivery by every worker', Math.max(...resumed), resumesWithinSeconds, ' s'),
  ]
}

/** Stops and starts the server; in how many seconds both workers deliver again, by what the endpoint sees. */
async function stopOnce(rig: Rig, server: OwnPostgres): Promise<number> {
  await server.stopImmediately()
  await pause(DOWN_MS)
  await server.startAgain()
  const backAtMs = Date.now()
  const firstOf = (name: string): number | undefined =>
    rig.arrivals().find(({ worker, atMs }) => worker === name && atMs > backAtMs)?.atMs
  await until(() => firstOf('one') !== undefined && firstOf('two') !== undefined, 30_000)
  const last = Math.max(...['one', 'two'].map(name => firstOf(name) ?? Number.POSITIVE_INFINITY))
  return (last - backAtMs) / 1000
}
