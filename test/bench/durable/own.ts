import { join } from 'node:path'
import { createAddressGuard, createSender, type Transport } from 'crm-webhooks'
import { type PostgresClient, postgresStore } from 'crm-webhooks/storage/postgres'
import { sqliteStore } from 'crm-webhooks/storage/sqlite'
import { undiciTransport } from 'crm-webhooks/transports/undici'
import { Pool } from 'pg'
import * as undici from 'undici'
import { dataOf } from './job.ts'
import { chunks } from './peers.ts'
import type { Job, Queue, QueueHost } from './queue.ts'

const PREFIX = 'crm_webhooks_bench_'
/** As many as events are for in `enqueue`; a fan-out goes to all, of which there are as many as its jobs. */
const SINGLE = 10

/** The sender on one of our stores. */
export async function own(
  store: 'postgres' | 'sqlite',
  logSuccesses: 'full' | 'brief',
  endpoints: number,
  host: QueueHost,
): Promise<Queue> {
  const guard = createAddressGuard({ lookup: false, allow: ['127.0.0.0/8'] })
  const transport = undiciTransport({ undici, guard, maxOwners: 2 * endpoints })
  const { pool, ...opened } =
    store === 'postgres' ? await openPostgres(host) : { store: openSqlite(host), pool: undefined }
  const sender = createSender({
    guard,
    transport: listening(transport, host),
    store: opened.store,
    logSuccesses,
    worker: { slots: host.concurrency },
  })
  for (let i = 0; i < endpoints; i++) {
    await sender.endpoints.create({
      name: `e${i}`,
      url: `http://127.0.0.1:${host.sinkPort}/ok${i}`,
      events: i < SINGLE ? [`single${i}`, 'all'] : ['all'],
      maxInFlight: Math.ceil(host.concurrency / SINGLE),
    })
  }
  sender.lifecycle.on('delivery.succeeded', () => host.recorded(1))
  sender.lifecycle.on('delivery.failed', ({ attempt }) => console.error(attempt.errorMessage))
  const publish = async (type: string, { number }: Job): Promise<void> => {
    await sender.publish(type, dataOf(number))
  }
  const enqueueOne = (job: Job): Promise<void> => publish(`single${job.endpoint % SINGLE}`, job)
  return {
    enqueueOne,
    async enqueue(jobs) {
      for (const some of chunks(jobs, 1_000)) await Promise.all(some.map(enqueueOne))
    },
    async fanOut([job]) {
      if (job !== undefined) await publish('all', job)
    },
    async start() {
      sender.start()
    },
    async stop() {
      await sender.stop({ graceSeconds: 1 })
      await transport.close?.()
      await opened.store.close()
      await pool?.end()
    },
  }
}

async function openPostgres({ postgresUrl }: QueueHost) {
  const pool = new Pool({ connectionString: postgresUrl, max: 10 })
  const { rows } = await pool.query<{ name: string }>(
    'select tablename as name from pg_tables where tablename like $1',
    [`${PREFIX}%`],
  )
  for (const { name } of rows) await pool.query(`drop table ${name}`)
  return { store: postgresStore(pool as PostgresClient, { prefix: PREFIX }), pool }
}

function openSqlite({ folder }: QueueHost) {
  return sqliteStore(join(folder, `${process.pid}.db`), { prefix: PREFIX })
}

/** Tells when an answer is here. */
function listening(transport: Transport, { answered }: QueueHost): Transport {
  return {
    async send(request) {
      const result = await transport.send(request)
      const number = /"number":(\d+)/.exec(
        Buffer.from(request.body.buffer, request.body.byteOffset, 200).toString('latin1'),
      )
      answered(Number(number?.[1]))
      return result
    },
  }
}
