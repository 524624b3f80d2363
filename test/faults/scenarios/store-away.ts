import { existsSync, mkdirSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { postgresStore } from 'crm-webhooks/storage/postgres'
import { type SqlStore, sqliteStore } from 'crm-webhooks/storage/sqlite'
import Database from 'libsql'
import { Client, Pool } from 'pg'
import { atLeast, atMost, told } from '../harness/figures.ts'
import { type Place, withPlace } from '../harness/places.ts'
import { pause } from '../harness/rig.ts'
import type { Figure, Scale, Scenario } from '../scenario.ts'
import { startProxy } from '../store/proxy.ts'
import { subscribe, type Traffic, trafficFigures, withTraffic } from '../store/traffic.ts'

const AWAY_MS = { short: 1_000, full: 20_000 }
/** The machine may be busy with other tests. */
const RESUME_SECONDS = { short: 15, full: 5 }

export const scenarios: readonly Scenario[] = [
  scenario('F12 · SQLite', 'the application starts first, the folder of its store comes later', 'SQLite', late),
  scenario('F12 · PostgreSQL', 'the application starts first, the server comes later', 'PostgreSQL', late),
  scenario('F13 · SQLite · tables', 'all tables are dropped under a running application', 'SQLite', dropTables),
  scenario('F13 · SQLite · file', 'the file is deleted under a running application', 'SQLite', deleteFile),
  scenario('F13 · PostgreSQL', 'the schema is dropped under a running application', 'PostgreSQL', dropTables),
]

/** A store of a running application, and what can be done to it. */
interface Ward {
  readonly publishing: SqlStore
  readonly delivering: SqlStore
  /** Makes the place of the store unreachable before anything has used it, and brings it back. */
  readonly bring: () => Promise<void>
  readonly dropTables: () => Promise<void>
  readonly deleteFile: () => Promise<void>
  /** Lines that the stores logged as errors. */
  readonly errors: readonly string[]
  readonly close: () => Promise<void>
}

function scenario(
  name: string,
  title: string,
  kind: 'SQLite' | 'PostgreSQL',
  run: (ward: Ward, scale: Scale) => Promise<readonly Figure[]>,
): Scenario {
  return {
    name,
    title,
    async run(scale) {
      const figures = await withPlace(kind, async place => {
        const ward = await open(place, run === late)
        try {
          return await run(ward, scale)
        } finally {
          await ward.close()
        }
      })
      return figures ?? []
    },
  }
}

/** Nobody is there at first. */
async function late(ward: Ward, scale: Scale): Promise<readonly Figure[]> {
  const { result, unhandled } = await withTraffic(ward, async traffic => {
    await pause(AWAY_MS[scale])
    const early = [...traffic.rejections.values()].reduce((sum, count) => sum + count, 0)
    await ward.bring()
    await untilSubscribed(traffic)
    const resumedMs = await traffic.resumed(30_000)
    await traffic.rest()
    return { traffic, early, resumedMs, lost: await traffic.lost(30_000) }
  })
  const { traffic, early, resumedMs, lost } = result
  return [
    atLeast('rejected while it was away', early, 1),
    ...trafficFigures(traffic, lost, unhandled),
    atMost('resumed', resumedMs / 1000, RESUME_SECONDS[scale], ' s'),
  ]
}

function dropTables(ward: Ward, scale: Scale): Promise<readonly Figure[]> {
  return empty(ward, scale, ward.dropTables)
}

function deleteFile(ward: Ward, scale: Scale): Promise<readonly Figure[]> {
  return empty(ward, scale, ward.deleteFile)
}

/** What was stored before is lost, and must be said to be; what is accepted afterwards must be delivered. */
async function empty(ward: Ward, scale: Scale, doEmpty: () => Promise<void>): Promise<readonly Figure[]> {
  const { result, unhandled } = await withTraffic(ward, async traffic => {
    await subscribe(traffic)
    await traffic.resumed(30_000)
    await doEmpty()
    // Endpoints are gone with the rest, and known of for up to a second.
    await pause(2_500)
    await untilSubscribed(traffic)
    // What is being published just now may still be for the endpoint that is gone.
    await pause(500)
    const before = new Set(traffic.accepted)
    const resumedMs = await traffic.resumed(30_000)
    await traffic.rest()
    return { traffic, resumedMs, lost: await traffic.lostSince(before, 30_000) }
  })
  const { traffic, resumedMs, lost } = result
  return [
    told('rejections', [...traffic.rejections].map(([code, count]) => `${code} ${count}`).join(', ') || 'none'),
    atLeast('lines that name the loss', ward.errors.filter(line => /lost/.test(line)).length, 1),
    ...trafficFigures(traffic, lost, unhandled),
    atMost('resumed', resumedMs / 1000, RESUME_SECONDS[scale], ' s'),
  ]
}

/** The endpoint is made once the store takes it. */
async function untilSubscribed(traffic: Traffic): Promise<void> {
  for (let tries = 0; tries < 50; tries++) {
    const done = await subscribe(traffic).then(
      () => true,
      () => false,
    )
    if (done) return
    await pause(100)
  }
  throw new Error('no endpoint could be made')
}

async function open({ store, folder }: Place, absent: boolean): Promise<Ward> {
  const errors: string[] = []
  const none = (): void => {}
  const logger = { debug: none, info: none, warn: none, error: (message: string) => void errors.push(message) }
  return store.kind === 'SQLite'
    ? openSqlite(absent ? join(folder, 'later', 'webhooks.db') : store.file, errors, logger)
    : openPostgres(store.url, errors, logger, absent)
}

type Logger = NonNullable<NonNullable<Parameters<typeof postgresStore>[1]>['logger']>

function openSqlite(file: string, errors: readonly string[], logger: Logger): Ward {
  const [publishing, delivering] = [sqliteStore(file, { logger }), sqliteStore(file, { logger })] as const
  return {
    publishing,
    delivering,
    errors,
    async bring() {
      mkdirSync(dirname(file))
    },
    async dropTables() {
      const database = new Database(file, { timeout: 10_000 })
      const tables = database.prepare("select name from sqlite_master where name like 'webhook_%' and type = 'table'")
      const names = tables.all().map(row => (row as { readonly name: string }).name)
      database.exec(`begin immediate; ${names.map(name => `drop table ${name};`).join(' ')} commit`)
      database.close()
    },
    async deleteFile() {
      for (const end of ['', '-wal', '-shm']) if (existsSync(file + end)) rmSync(file + end)
    },
    async close() {
      await publishing.close()
      await delivering.close()
    },
  }
}

async function openPostgres(url: string, errors: readonly string[], logger: Logger, absent: boolean): Promise<Ward> {
  const proxy = await startProxy(new URL(url), { absent })
  const through = new URL(url)
  through.host = `127.0.0.1:${proxy.port}`
  const pools = [1, 2].map(
    () => new Pool({ connectionString: through.href, max: 4, connectionTimeoutMillis: 2_000 }),
  ) as [Pool, Pool]
  const [publishing, delivering] = [postgresStore(pools[0], { logger }), postgresStore(pools[1], { logger })]
  return {
    publishing,
    delivering,
    errors,
    bring: () => proxy.heal(),
    async dropTables() {
      const schema = /search_path=(\w+)/.exec(new URL(url).searchParams.get('options') ?? '')?.[1] ?? 'public'
      const client = new Client({ connectionString: url })
      await client.connect()
      // The server may end this as a deadlock with what runs just now.
      const drop = (): Promise<unknown> => client.query(`drop schema ${schema} cascade; create schema ${schema}`)
      await drop().catch(drop).catch(drop)
      await client.end()
    },
    deleteFile: () => Promise.reject(new Error('a server has no file')),
    async close() {
      await publishing.close()
      await delivering.close()
      await proxy.close()
      await Promise.all(pools.map(pool => pool.end()))
    },
  }
}
