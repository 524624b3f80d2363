import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { createAddressGuard, createSender } from 'crm-webhooks'
import { type PostgresClient, postgresStore } from 'crm-webhooks/storage/postgres'
import { nodeTransport } from 'crm-webhooks/transports/node'
import { Pool } from 'pg'
import { startPostgres } from '../support/postgres.ts'
import { formatTable } from './harness.ts'
import type { IsolationFigures, IsolationOrder } from './isolation-worker.ts'
import { startSink } from './start-sink.ts'
import { PER_SECOND, quantile } from './traffic.ts'

const TIME_LIMIT_SECONDS = 10
const PROCESSES = 2
const BACKLOG = 500_000
const WARM_UP_MS = 5_000

interface Outcome {
  readonly delivered: number
  readonly p50: number
  readonly p99: number
}

/**
 * Whether endpoints that hang delay the others where two processes share a PostgreSQL database, and one of the lanes
 * that hang has half a million deliveries waiting.
 */
export async function run({ seconds = 16 } = {}): Promise<void> {
  const postgres = await startPostgres()
  if (postgres === undefined) return
  const sink = await startSink()
  const rows: Array<Record<string, string | number>> = []
  try {
    for (const endpoints of [100, 1_000]) {
      let calm: Outcome | undefined
      for (const hanging of [0, 0.1, 0.5]) {
        const outcome = await measure(postgres.url, sink.port, endpoints, hanging * endpoints, seconds)
        calm ??= outcome
        const ratio = outcome.p99 / calm.p99
        const reached = ratio <= 2 && outcome.delivered === 1
        rows.push({
          endpoints,
          hanging: `${100 * hanging} %`,
          'waiting in one lane': hanging === 0 ? 0 : BACKLOG.toLocaleString('en'),
          'healthy delivered': `${(100 * outcome.delivered).toFixed(2)} %`,
          'p50 ms': outcome.p50.toFixed(2),
          'p99 ms': outcome.p99.toFixed(2),
          'p99 to none hanging': ratio.toFixed(2),
          goal: hanging === 0 ? '' : `100 %, ≤ 2: ${reached ? 'reached' : 'missed'}`,
        })
      }
    }
  } finally {
    sink.stop()
    await postgres.stop()
  }
  console.log(
    `\n## Hanging endpoints, PostgreSQL: ${PROCESSES} processes of 50 slots, ${TIME_LIMIT_SECONDS} s time limit, ${PER_SECOND} events/s, ${seconds} s each\n`,
  )
  console.log(formatTable(rows))
}

async function measure(
  url: string,
  port: number,
  endpoints: number,
  hanging: number,
  seconds: number,
): Promise<Outcome> {
  const prefix = `isolation_${endpoints}_${hanging}_`
  await prepare(url, prefix, port, endpoints, hanging)
  const measuredFromMs = Date.now() + WARM_UP_MS
  const common = { url, prefix, endpoints, hanging, seconds, processes: PROCESSES, measuredFromMs }
  const figures = await Promise.all(Array.from({ length: PROCESSES }, (_, number) => runApart({ ...common, number })))
  const latencies = figures.flatMap(one => one.latencies)
  const published = figures.reduce((sum, one) => sum + one.published, 0)
  return {
    delivered: latencies.length / published,
    p50: quantile(latencies, 0.5),
    p99: quantile(latencies, 0.99),
  }
}

/** Creates the endpoints, and what waits for the first of them. */
async function prepare(url: string, prefix: string, port: number, endpoints: number, hanging: number): Promise<void> {
  const pool = new Pool({ connectionString: url, max: 4 })
  const store = postgresStore(pool as PostgresClient, { prefix })
  const guard = createAddressGuard({ lookup: false, allow: ['127.0.0.0/8'] })
  const sender = createSender({ guard, transport: nodeTransport({ guard }), store })
  const created = Array.from({ length: endpoints }, (_, i) =>
    sender.endpoints.create({
      name: `e${i}`,
      url: `http://127.0.0.1:${port}/${i < hanging ? 'hang' : 'ok'}${i}`,
      events: [`e${i}.sent`],
      timeoutSeconds: TIME_LIMIT_SECONDS,
      retry: [3_600],
    }),
  )
  await Promise.all(created)
  if (hanging > 0) {
    await sender.publish('e0.sent', { text: 'x'.repeat(900) })
    await pool.query(`insert into ${prefix}deliveries (event_no, due_at_ms, ordinal, lane_no, direction, state)
      select d.event_no, d.due_at_ms, i, d.lane_no, 0, 0 from ${prefix}deliveries d, generate_series(1, ${BACKLOG}) i`)
  }
  await pool.query(`vacuum analyze ${prefix}deliveries`)
  await store.close()
  await pool.end()
}

function runApart(order: IsolationOrder): Promise<IsolationFigures> {
  const file = fileURLToPath(new URL('./isolation-worker.mjs', import.meta.url))
  return new Promise((resolve, reject) => {
    const child = fork(file, [JSON.stringify(order)])
    child.once('message', (figures: IsolationFigures) => resolve(figures))
    child.once('exit', () => reject(new Error('a worker ended')))
  })
}
