import { Pool } from 'pg'
import { chunks, load } from './peers.ts'
import type { Job, Queue, QueueHost } from './queue.ts'

interface PgBossModule {
  readonly PgBoss: new (
    options: object,
  ) => {
    on(event: string, listener: (value: unknown) => void): unknown
    start(): Promise<unknown>
    createQueue(name: string, options: object): Promise<void>
    insert(name: string, jobs: ReadonlyArray<{ readonly data: Job }>): Promise<unknown>
    send(name: string, data: Job): Promise<unknown>
    work(
      name: string,
      options: object,
      handler: (jobs: ReadonlyArray<{ readonly data: Job }>) => Promise<void>,
    ): Promise<string>
    stop(options: object): Promise<void>
  }
}

const NAME = 'deliveries'
const SCHEMA = 'crm_webhooks_bench_boss'

/** pg-boss on PostgreSQL: woken by LISTEN, four workers with batches of 500, on to the next while there is more. */
export async function pgBoss(host: QueueHost): Promise<Queue> {
  const { PgBoss } = load<PgBossModule>('pg-boss')
  const pool = new Pool({ connectionString: host.postgresUrl, max: 1 })
  await pool.query(`drop schema if exists ${SCHEMA} cascade`)
  const boss = new PgBoss({ connectionString: host.postgresUrl, max: 20, schema: SCHEMA, useListenNotify: true })
  boss.on('error', error => console.error(error))
  await boss.start()
  await boss.createQueue(NAME, { notify: true, retryLimit: 0, expireInSeconds: 60 })
  const enqueue = async (jobs: readonly Job[]): Promise<void> => {
    for (const some of chunks(jobs, 1_000)) {
      await boss.insert(
        NAME,
        some.map(data => ({ data })),
      )
    }
  }
  return {
    enqueue,
    fanOut: enqueue,
    async enqueueOne(job) {
      await boss.send(NAME, job)
    },
    async start() {
      const options = { batchSize: 500, localConcurrency: 4, pollingIntervalSeconds: 0.5, burstWhenBatchFull: true }
      await boss.work(NAME, options, async jobs => {
        await Promise.all(jobs.map(({ data }) => host.deliver(data)))
        host.recorded(jobs.length)
      })
    },
    async settled() {
      const unfinished = `select 1 from ${SCHEMA}.job where name = $1 and state in ('created', 'retry', 'active') limit 1`
      while ((await pool.query(unfinished, [NAME])).rows.length > 0) await new Promise(done => setTimeout(done, 2))
    },
    async stop() {
      await boss.stop({ graceful: false }).catch(() => {})
      await pool.query(`drop schema if exists ${SCHEMA} cascade`)
      await pool.end()
    },
  }
}
