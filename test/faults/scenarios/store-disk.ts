import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { postgresStore } from 'crm-webhooks/storage/postgres'
import { type SqlStore, sqliteStore } from 'crm-webhooks/storage/sqlite'
import { Client, Pool } from 'pg'
import { startOwnPostgres } from '../../support/postgres.ts'
import { atLeast, atMost, exactly, told } from '../harness/figures.ts'
import { type Place, withPlace } from '../harness/places.ts'
import { pause, until } from '../harness/rig.ts'
import type { Figure, Scale, Scenario } from '../scenario.ts'
import { canTrace, type Trace, traceAcceptor, traceServer } from '../store/strace.ts'
import { withSmallDisk } from '../store/tmpfs.ts'
import { subscribe, type Traffic, trafficFigures, withTraffic } from '../store/traffic.ts'

const COUNT = { short: 10, full: 50 }
/** Which call fails, of each kind. */
const POSITIONS = { short: [9], full: [1, 2, 3, 4, 6, 9, 13, 20, 30, 40] }
const FAULTS = ['fsync,fdatasync:error=EIO', 'pwrite64:error=ENOSPC', 'pwrite64:error=EIO'] as const

export const scenarios: readonly Scenario[] = [
  {
    name: 'F8 · SQLite',
    title: 'the disk is full, and then has room again',
    run: async scale => (await withPlace('SQLite', place => fillSqlite(place, scale))) ?? [],
  },
  {
    name: 'F8 · PostgreSQL',
    title: 'the disk of the tables is full, and then has room again (at full scale only)',
    run: async scale => (scale === 'full' ? fillPostgres() : []),
  },
  {
    name: 'F9 · SQLite',
    title: 'one flush or write fails, wherever it is',
    run: async scale => (canTrace() ? ((await withPlace('SQLite', place => failCalls(place, scale))) ?? []) : []),
  },
  ...(['publish', 'receive'] as const).flatMap(by => [
    {
      name: `F10 · SQLite · ${by}`,
      title: 'what is answered has been flushed to the disk',
      run: async (scale: Scale) =>
        canTrace() ? ((await withPlace('SQLite', place => flushes(place, by, scale))) ?? []) : [],
    },
    {
      name: `F10 · PostgreSQL · ${by}`,
      title: 'the server has flushed what is answered to the disk (in a short run of what is published only)',
      run: async (scale: Scale) =>
        (scale === 'full' || by === 'publish') && canTrace() ? serverFlushes(by, scale) : [],
    },
  ]),
]

async function flushes({ store, folder }: Place, by: 'publish' | 'receive', scale: Scale): Promise<readonly Figure[]> {
  return flushFigures(await traceAcceptor({ place: store, from: 0, count: COUNT[scale], by }, folder), COUNT[scale])
}

async function serverFlushes(by: 'publish' | 'receive', scale: Scale): Promise<readonly Figure[]> {
  const server = await startOwnPostgres()
  if (server === undefined) return []
  const folder = mkdtempSync(join(tmpdir(), 'crm-webhooks-faults-'))
  try {
    const place = { kind: 'PostgreSQL', url: server.url } as const
    const trace = await traceServer({ place, from: 0, count: COUNT[scale], by }, await pidOf(server.url), folder)
    return flushFigures(trace, COUNT[scale])
  } finally {
    await server.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

/** The process that starts all others of a server on this machine. */
async function pidOf(url: string): Promise<number> {
  const client = new Client({ connectionString: url })
  await client.connect()
  const { rows } = await client.query<{ folder: string }>(`select current_setting('data_directory') as folder`)
  await client.end()
  return Number(readFileSync(join(rows[0]?.folder ?? '', 'postmaster.pid'), 'utf8').split('\n')[0])
}

function flushFigures({ accepted, flushed }: Trace, count: number): readonly Figure[] {
  return [
    exactly('accepted', accepted.length, count),
    exactly('flushed between the write and the answer', flushed.length, count),
  ]
}

async function failCalls({ store, folder }: Place, scale: Scale): Promise<readonly Figure[]> {
  const accepted = new Set<number>()
  const codes = new Map<string, number>()
  let [unflushed, from, injected] = [0, 0, 0]
  for (const fault of FAULTS) {
    for (const position of POSITIONS[scale]) {
      const settings = { place: store, from, count: 8, by: 'publish' } as const
      const trace = await traceAcceptor(settings, folder, `${fault}:when=${position}`)
      for (const number of trace.accepted) accepted.add(number)
      for (const code of trace.rejected) codes.set(code, (codes.get(code) ?? 0) + 1)
      unflushed += trace.accepted.length - trace.flushed.length
      injected += trace.injected
      from += 1_000
    }
  }
  const kept = await keptIn(store.kind === 'SQLite' ? store.file : '')
  return [
    told('run', `${injected} failures, ${accepted.size} accepted, ${[...codes].flat().join(' ')}`),
    atLeast(
      'rejected',
      [...codes.values()].reduce((sum, count) => sum + count, 0),
      1,
    ),
    atMost('rejected without a code', codes.get('none') ?? 0, 0),
    atMost('accepted without a flush', unflushed, 0),
    atMost('accepted and lost', [...accepted].filter(number => !kept.has(number)).length, 0),
  ]
}

/** Numbers of the events that a file holds when it is opened anew. */
async function keptIn(file: string): Promise<ReadonlySet<number>> {
  const store = sqliteStore(file)
  const kept = new Set<number>()
  // Events without an endpoint have no deliveries: they are found by their key, which is there already.
  const { default: Database } = await import('libsql')
  await store.start()
  await store.close()
  const database = new Database(file)
  for (const row of database.prepare('select data from webhook_events').all()) {
    kept.add((JSON.parse((row as { readonly data: string }).data) as { readonly number: number }).number)
  }
  database.close()
  return kept
}

async function fillSqlite({ folder }: Place, scale: Scale): Promise<readonly Figure[]> {
  const figures = await withSmallDisk(join(folder, 'disk'), 3, async disk => {
    const ballast = join(disk, 'ballast')
    writeFileSync(ballast, Buffer.alloc(1_000_000))
    const stores = [1, 2].map(() => sqliteStore(join(disk, 'webhooks.db'))) as [SqlStore, SqlStore]
    return fill(stores, scale, 500, async () => rmSync(ballast))
  })
  return figures ?? []
}

/** The tables are in a tablespace of its own; the log of the server has room. */
async function fillPostgres(): Promise<readonly Figure[]> {
  const server = await startOwnPostgres()
  if (server === undefined) return []
  const admin = new Client({ connectionString: server.url })
  try {
    await admin.connect()
    const folder = `/tmp/crm-webhooks-tablespace-${process.pid}`
    const figures = await withSmallDisk(folder, 24, async disk => {
      const ballast = join(disk, 'ballast')
      writeFileSync(ballast, Buffer.alloc(8_000_000))
      await admin.query(`create tablespace small location '${await ownFolder(admin, disk)}'`)
      await admin.query('create database small tablespace small')
      const url = new URL(server.url)
      url.pathname = '/small'
      const pools = [1, 2].map(() => new Pool({ connectionString: url.href, max: 4 })) as [Pool, Pool]
      const stores = pools.map(pool => postgresStore(pool)) as [SqlStore, SqlStore]
      try {
        return await fill(stores, 'full', 20_000, async () => rmSync(ballast))
      } finally {
        await Promise.all(pools.map(pool => pool.end()))
        await admin.query('drop database small')
        await admin.query('drop tablespace small')
      }
    })
    rmSync(folder, { recursive: true, force: true })
    return figures ?? []
  } finally {
    await admin.end()
    await server.stop()
  }
}

/** The server's user must own the folder, so the server makes it. */
async function ownFolder(admin: Client, disk: string): Promise<string> {
  const folder = join(disk, 'tables')
  await admin.query(`copy (select 1) to program 'mkdir -m 700 ${folder}'`)
  return folder
}

/** Publishes until the disk is full, waits, makes room, and counts what is left of what was accepted. */
async function fill(
  [publishing, delivering]: readonly [SqlStore, SqlStore],
  scale: Scale,
  size: number,
  makeRoom: () => Promise<void>,
): Promise<readonly Figure[]> {
  const options = { publishing, delivering, size, everyMs: 20 }
  const { result, unhandled } = await withTraffic(options, async traffic => {
    await subscribe(traffic)
    const isFull = (): boolean => (traffic.rejections.get('store_full') ?? 0) > 10
    const full = await until(isFull, 60_000)
    await pause(1_000)
    await makeRoom()
    const resumedMs = await traffic.resumed(30_000)
    await traffic.rest()
    return { traffic, full, resumedMs, lost: await traffic.lost(60_000) }
  })
  await publishing.close()
  await delivering.close()
  const { traffic, full, resumedMs, lost } = result
  return [
    told('rejections', codesOf(traffic)),
    exactly('was full', Number(full), 1),
    ...trafficFigures(traffic, lost, unhandled),
    atMost('resumed', resumedMs / 1000, scale === 'full' ? 5 : 15, ' s'),
  ]
}

function codesOf({ rejections, accepted }: Traffic): string {
  return [`${accepted.size} accepted`, ...[...rejections].map(([code, count]) => `${code} ${count}`)].join(', ')
}
