import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type PostgresClient, postgresStore } from 'crm-webhooks/storage/postgres'
import { type SqliteHandle, sqliteStore } from 'crm-webhooks/storage/sqlite'
import Database from 'libsql'
import { Pool } from 'pg'
import type { Store } from '../../src/storage/store.ts'
import { startPostgres } from '../support/postgres.ts'
import { formatTable, median } from './harness.ts'

const LANES = 100
const CLAIMS = 60
/** What a worker with 50 free slots asks for. */
const LIMIT = 50

/** What waits in a store before it is measured. */
interface Backlog {
  /** Due in {@link LANES} lanes. */
  readonly due: number
  /** Due in one more lane, for which the worker has no room: at its limit, or paused. */
  readonly full?: number
  /** In one more lane, waiting for the first of their subject. */
  readonly inOrder?: number
}

const SMALL = '1,000 due'
const BACKLOGS: Readonly<Record<string, Backlog>> = {
  [SMALL]: { due: 1_000 },
  '1,000,000 due': { due: 1_000_000 },
  '1,000 due, 100,000 in a lane at its limit': { due: 1_000, full: 100_000 },
  '1,000 due, 100,000 in order behind one': { due: 1_000, inOrder: 100_000 },
}
const GOALS: Readonly<Record<string, number>> = { '1,000,000 due': 5 }

interface Filled {
  readonly store: Store
  close(): Promise<void>
}

/** What a claim costs, whatever else waits. All stores of a kind take turns; ratios are taken within a turn. */
export async function run(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'crm-webhooks-bench-'))
  const postgres = await startPostgres()
  try {
    if (postgres !== undefined) {
      const { url } = postgres
      await compare('PostgreSQL', (backlog, i) => fillPostgres(url, `claim${i}_`, backlog))
    }
    await compare('SQLite', (backlog, i) => fillSqlite(join(folder, `${i}.db`), backlog))
  } finally {
    await postgres?.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

async function compare(title: string, fill: (backlog: Backlog, i: number) => Promise<Filled>): Promise<void> {
  const names = Object.keys(BACKLOGS)
  const filled = await Promise.all(Object.values(BACKLOGS).map(fill))
  const times = names.map((): number[] => [])
  for (let round = -5; round < CLAIMS; round++) {
    for (const [i, { store }] of filled.entries()) {
      const milliseconds = await claimOnce(store, round)
      if (round >= 0) times[i]?.push(milliseconds)
    }
  }
  for (const { close } of filled) await close()
  const base = times[0] ?? []
  console.log(`\n## Claiming ${LIMIT} deliveries, ${title}\n`)
  console.log(
    formatTable(
      names.map((waiting, i) => {
        const own = times[i] ?? []
        const ratio = median(own.map((time, round) => time / (base[round] ?? Number.NaN)))
        const goal = GOALS[waiting] ?? 3
        return {
          waiting,
          'ms for a claim': median(own).toFixed(2),
          [`to ${SMALL}`]: ratio.toFixed(2),
          goal: waiting === SMALL ? '' : `≤ ${goal}: ${ratio <= goal ? 'reached' : 'missed'}`,
        }
      }),
    ),
  )
}

/** Claims and gives back. */
async function claimOnce(store: Store, round: number): Promise<number> {
  const nowMs = Date.now()
  const token = `t${round}`
  const leaseUntilMs = nowMs + 60_000
  const skipLanes = new Set(['full'])
  const from = performance.now()
  const request = { direction: 'outbound', nowMs, limit: LIMIT, perLane: 1, token, leaseUntilMs, skipLanes } as const
  const claimed = await store.deliveries.claim(request)
  const milliseconds = performance.now() - from
  if (claimed.length !== LIMIT) throw new Error(`${claimed.length} were claimed`)
  await store.deliveries.settle(
    claimed.map(({ delivery }) => ({
      deliveryId: delivery.id,
      token,
      next: { status: 'returned', dueAtMs: delivery.dueAtMs },
    })),
  )
  return milliseconds
}

/** Statements that fill the tables faster than the store would, in the words of both databases. */
function fillings(prefix: string, { due, full = 0, inOrder = 0 }: Backlog): readonly string[] {
  const total = due + full + inOrder
  const series = `with recursive n(i) as (select 0 union all select i + 1 from n where i < ${total - 1})`
  // The first of the ordered ones is under way.
  const isOrdered = `i >= ${due + full}`
  const state = `case when i > ${due + full} then 2 when ${isOrdered} then 1 else 0 end`
  const lane = `case when ${isOrdered} then ${LANES + 2} when i >= ${due} then ${LANES + 1} else i % ${LANES} + 1 end`
  return [
    `insert into ${prefix}lanes (direction, name, endpoint_id)
      with recursive n(i) as (select 1 union all select i + 1 from n where i < ${LANES + 2})
      select 0, case i when ${LANES + 1} then 'full' else 'lane ' || i end, 'ep_' || i from n order by i`,
    `insert into ${prefix}events (timestamp_ms, created_at_ms, id, type, data, metadata)
      ${series} select i, i, 'evt_' || i, 'deal.updated', '{"text":"some data"}', '{}' from n where i % 100 = 0 order by i`,
    `insert into ${prefix}deliveries (event_no, due_at_ms, ordinal, lane_no, direction, state, order_key, token, lease_until_ms)
      ${series} select i / 100 + 1, 1000 + i, i % 100, ${lane}, 0, ${state},
        case when ${isOrdered} then '=subject' end, case when i = ${due + full} then 'held' end,
        case when i = ${due + full} then 9000000000000 end from n`,
  ]
}

async function fillPostgres(url: string, prefix: string, backlog: Backlog): Promise<Filled> {
  const pool = new Pool({ connectionString: url, max: 2 })
  const store = postgresStore(pool as PostgresClient, { prefix, timeoutSeconds: 300 })
  await store.start()
  for (const text of fillings(prefix, backlog)) await pool.query(text)
  await pool.query(`vacuum analyze ${prefix}deliveries`)
  await pool.query(`analyze ${prefix}events`)
  return {
    store,
    async close() {
      await store.close()
      await pool.end()
    },
  }
}

async function fillSqlite(file: string, backlog: Backlog): Promise<Filled> {
  const database = new Database(file)
  const store = sqliteStore(database as unknown as SqliteHandle)
  await store.start()
  for (const text of fillings('webhook_', backlog)) database.exec(text)
  return { store, close: () => store.close() }
}
