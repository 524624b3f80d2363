import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { createInterface } from 'node:readline'
import { sqliteStore } from 'crm-webhooks/storage/sqlite'
import Database from 'libsql'
import type { AcceptorSettings } from '../children/acceptor.ts'
import { childScript } from '../harness/bundle.ts'
import { atMost, told } from '../harness/figures.ts'
import { type Place, withPlace } from '../harness/places.ts'
import type { Figure, Scale, Scenario } from '../scenario.ts'

const KILLS = { short: 3, full: 20 }
/** The machine may be busy with other tests. */
const OPEN_SECONDS = { short: 10, full: 2 }
const ACCEPTED_BEFORE_KILL = 30

export const scenarios: readonly Scenario[] = [
  {
    name: 'F11 · SQLite',
    title: 'the file is opened at once after kill -9, by this process and by another one',
    run: async scale => (await withPlace('SQLite', place => run(place, scale))) ?? [],
  },
]

async function run({ store: place }: Place, scale: Scale): Promise<readonly Figure[]> {
  if (place.kind !== 'SQLite') return []
  const accepted = new Set<number>()
  let [slowestMs, lost] = [0, 0]
  for (let kill = 0; kill < KILLS[scale]; kill++) {
    const settings: AcceptorSettings = { place, from: kill * 100_000, count: 100_000, by: 'publish' }
    for (const number of await acceptAndKill(settings)) accepted.add(number)
    const atMs = Date.now()
    if (kill % 2 === 0) await openHere(place.file)
    else openElsewhere(await childScript('acceptor'), { ...settings, count: 0 })
    slowestMs = Math.max(slowestMs, Date.now() - atMs)
    const kept = numbersIn(place.file)
    lost += [...accepted].filter(number => !kept.has(number)).length
  }
  return [
    told('run', `${KILLS[scale]} kills, ${accepted.size} accepted`),
    atMost('accepted and lost', lost, 0),
    atMost('slowest opening', slowestMs / 1000, OPEN_SECONDS[scale], ' s'),
  ]
}

/** What a process said that it accepted before it was killed. */
async function acceptAndKill(settings: AcceptorSettings): Promise<readonly number[]> {
  const child: ChildProcess & { readonly stdout: NodeJS.ReadableStream } = spawn(
    process.execPath,
    [await childScript('acceptor'), JSON.stringify(settings)],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  const accepted: number[] = []
  for await (const line of createInterface({ input: child.stdout })) {
    const number = /^accepted (\d+)$/.exec(line)?.[1]
    if (number !== undefined) accepted.push(Number(number))
    // Whatever it says until it is gone counts, too.
    if (accepted.length === ACCEPTED_BEFORE_KILL) child.kill('SIGKILL')
  }
  return accepted
}

async function openHere(file: string): Promise<void> {
  const store = sqliteStore(file)
  await store.deliveries.list({})
  await store.close()
}

function openElsewhere(script: string, settings: AcceptorSettings): void {
  const { status } = spawnSync(process.execPath, [script, JSON.stringify(settings)])
  if (status !== 0) throw new Error('the file could not be opened by another process')
}

function numbersIn(file: string): ReadonlySet<number> {
  const database = new Database(file)
  const rows = database.prepare('select data from webhook_events').all() as ReadonlyArray<{ readonly data: string }>
  database.close()
  return new Set(rows.map(({ data }) => (JSON.parse(data) as { readonly number: number }).number))
}
