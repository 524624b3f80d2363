import { EventEmitter } from 'node:events'
import { Pool } from 'pg'
import { chunks, load } from './peers.ts'
import type { Job, Queue, QueueHost } from './queue.ts'

interface Graphile {
  readonly Logger: new (factory: () => () => void) => object
  runMigrations(options: object): Promise<void>
  makeWorkerUtils(options: object): Promise<{
    addJobs(jobs: readonly object[]): Promise<unknown>
    addJob(name: string, payload: Job, options: object): Promise<unknown>
    release(): Promise<void>
  }>
  run(options: object): Promise<{ stop(): Promise<void> }>
}

const SCHEMA = 'crm_webhooks_bench_graphile'
const WORKERS = 200

/** graphile-worker on PostgreSQL: 200 at once, 500 fetched together, completions written together. */
export async function graphile(host: QueueHost): Promise<Queue> {
  const { Logger, runMigrations, makeWorkerUtils, run } = load<Graphile>('graphile-worker')
  const pool = new Pool({ connectionString: host.postgresUrl, max: 20 })
  const unheard = (): void => {}
  pool.on('error', unheard)
  pool.on('connect', client => client.on('error', unheard))
  await pool.query(`drop schema if exists ${SCHEMA} cascade`)
  const common = { pgPool: pool, schema: SCHEMA, logger: new Logger(() => unheard) }
  await runMigrations(common)
  const utils = await makeWorkerUtils(common)
  let stopRunner = async (): Promise<void> => {}
  const enqueue = async (jobs: readonly Job[]): Promise<void> => {
    for (const some of chunks(jobs, 1_000)) {
      await utils.addJobs(some.map(payload => ({ identifier: 'post', payload, maxAttempts: 1 })))
    }
  }
  return {
    enqueue,
    fanOut: enqueue,
    async enqueueOne(job) {
      await utils.addJob('post', job, { maxAttempts: 1 })
    },
    async start() {
      const events = new EventEmitter()
      events.on('job:complete', () => host.recorded(1))
      const runner = await run({
        ...common,
        concurrency: WORKERS,
        noHandleSignals: true,
        pollInterval: 2_000,
        events,
        taskList: { post: (job: Job) => host.deliver(job) },
        preset: { worker: { localQueue: { size: 500 }, completeJobBatchDelay: 0, failJobBatchDelay: 0 } },
      })
      stopRunner = () => runner.stop()
    },
    async settled() {
      const unfinished = `select 1 from ${SCHEMA}._private_jobs limit 1`
      while ((await pool.query(unfinished)).rows.length > 0) await new Promise(done => setTimeout(done, 2))
    },
    async stop() {
      await stopRunner().catch(() => {})
      await utils.release()
      await pool.query(`drop schema if exists ${SCHEMA} cascade`)
      await pool.end()
    },
  }
}
