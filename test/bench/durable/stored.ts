import { join } from 'node:path'
import { type PostgresClient, postgresStore } from 'crm-webhooks/storage/postgres'
import { type SqliteHandle, sqliteStore } from 'crm-webhooks/storage/sqlite'
import Database from 'libsql'
import { Pool } from 'pg'
import type { Store } from '../../../src/storage/store.ts'
import { formatTable } from '../harness.ts'
import { dataOf } from './job.ts'
import type { Services } from './services.ts'

const EVENTS = 50
const ENDPOINTS = 1_000
const GOAL = 200

/** What a pending delivery of a fan-out takes in a store, with its indexes and its share of the event. */
export async function printStored({ postgresUrl, folder }: Services): Promise<void> {
  const rows = [
    { store: 'PostgreSQL', bytes: await inPostgres(postgresUrl) },
    { store: 'SQLite', bytes: await inSqlite(join(folder, 'stored.db')) },
  ]
  console.log(`\n## Stored for each pending delivery: ${EVENTS} events of 1 KB for ${ENDPOINTS} endpoints each\n`)
  console.log(
    formatTable(
      rows.map(({ store, bytes }) => ({
        store,
        'bytes for a delivery': Math.round(bytes),
        goal: `≤ ${GOAL} and the event once: ${bytes <= GOAL + 2_000 / ENDPOINTS ? 'reached' : 'missed'}`,
      })),
    ),
  )
}

async function fill(store: Store): Promise<void> {
  const nowMs = Date.now()
  for (let i = 0; i < EVENTS; i++) {
    const id = `evt_${String(i).padStart(26, '0')}`
    const data = JSON.stringify(dataOf(i))
    const about = { tenant: undefined, subject: undefined, metadata: {} }
    const deliveries = Array.from({ length: ENDPOINTS }, (_, endpoint) => {
      const lane = `ep_${String(endpoint).padStart(26, '0')}`
      return { direction: 'outbound' as const, endpointId: lane, lane, ordered: false, dueAtMs: nowMs, isTest: false }
    })
    await store.deliveries.enqueue([
      { event: { id, type: 'deal.updated', timestampMs: nowMs, data, ...about }, deliveries },
    ])
  }
}

async function inPostgres(url: string): Promise<number> {
  const pool = new Pool({ connectionString: url, max: 2 })
  const store = postgresStore(pool as PostgresClient, { prefix: 'stored_' })
  const size = async (): Promise<number> => {
    const { rows } = await pool.query<{ bytes: string }>(
      "select sum(pg_total_relation_size(c.oid)) as bytes from pg_class c where relkind = 'r' and relname like 'stored\\_%'",
    )
    return Number(rows[0]?.bytes)
  }
  await store.start?.()
  const before = await size()
  await fill(store)
  const after = await size()
  await store.close?.()
  await pool.end()
  return (after - before) / (EVENTS * ENDPOINTS)
}

async function inSqlite(file: string): Promise<number> {
  const database = new Database(file)
  const store = sqliteStore(database as unknown as SqliteHandle)
  const pragma = (name: string): number => Number(Object.values(database.prepare(`pragma ${name}`).get() as object)[0])
  const size = (): number => (pragma('page_count') - pragma('freelist_count')) * pragma('page_size')
  await store.start?.()
  const before = size()
  await fill(store)
  const after = size()
  await store.close?.()
  return (after - before) / (EVENTS * ENDPOINTS)
}
