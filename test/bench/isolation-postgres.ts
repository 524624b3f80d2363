import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { createAddressGuard, createSender } from 'crm-webhooks'
import { type PostgresClient, postgresStore } from 'crm-webhooks/storage/postgres'
import { nodeTransport } from 'crm-webhooks/transports/node'
import { Pool } from 'pg'
import { startPostgres } from '../support/postgres.ts'
import { formatTable, median } from './harness.ts'
import type { IsolationFigures, IsolationOrder } from './isolation-worker.ts'
import { startSink } from './start-sink.ts'
import { PER_SECOND, quantile } from './traffic.ts'

const TIME_LIMIT_SECONDS = 10
const PROCESSES = 2
const BACKLOG = 500_000
const WARM_UP_MS = 5_000
/** How many of the endpoints hang. */
const SHARES = [0, 0.1, 0.5]

interface Outcome {
  readonly delivered: number
  readonly p50: number
  readonly p99: number
}

/**
 * Whether endpoints that hang delay the others where two processes share a PostgreSQL database, and one of the lanes
 * that hang has half a million deliveries waiting.
 */
export async function run({ seconds = 10, repetitions = 3 } = {}): Promise<void> {
  const postgres = await startPostgres()
  if (postgres === undefined) return
  const sink = await startSink()
  const rows: Array<Record<string, string | number>> = []
  try {
    for (const endpoints of [100, 1_000]) {
      for (const hanging of SHARES) await prepare(postgres.url, sink.port, endpoints, hanging * endpoints)
      const outcomes = new Map<number, Outcome[]>(SHARES.map(hanging => [hanging, []]))
      // They take turns: what else the machine does must not fall on one of them only.
      for (let repetition = 0; repetition < repetitions; repetition++) {
        for (const hanging of SHARES) {
          outcomes.get(hanging)?.push(await measure(postgres.url, endpoints, hanging * endpoints, seconds))
        }
      }
      const calm = outcomes.get(0) ?? []
      for (const [hanging, own] of outcomes) rows.push(rowOf(endpoints, hanging, own, calm))
    }
  } finally {
    sink.stop()
    await postgres.stop()
  }
  console.log(
    `\n## Hanging endpoints, PostgreSQL: ${PROCESSES} processes of 50 slots, ${TIME_LIMIT_SECONDS} s time limit, ${PER_SECOND} events/s, medians of ${repetitions} times ${seconds} s\n`,
  )
  console.log(formatTable(rows))
}

function rowOf(
  endpoints: number,
  hanging: number,
  own: readonly Outcome[],
  calm: readonly Outcome[],
): Record<string, string | number> {
  const ratio = median(own.map(({ p99 }, i) => p99 / (calm[i]?.p99 ?? Number.NaN)))
  const delivered = Math.min(...own.map(one => one.delivered))
  return {
    endpoints,
    hanging: `${100 * hanging} %`,
    'waiting in one lane': hanging === 0 ? 0 : BACKLOG.toLocaleString('en'),
    'healthy delivered': `${(100 * delivered).toFixed(2)} %`,
    'p50 ms': median(own.map(({ p50 }) => p50)).toFixed(2),
    'p99 ms': median(own.map(({ p99 }) => p99)).toFixed(2),
    'p99 to none hanging': ratio.toFixed(2),
    goal: hanging === 0 ? '' : `100 %, ≤ 2: ${ratio <= 2 && delivered === 1 ? 'reached' : 'missed'}`,
  }
}

async function measure(url: string, endpoints: number, hanging: number, seconds: number): Promise<Outcome> {
  const measuredFromMs = Date.now() + WARM_UP_MS
  const prefix = prefixOf(endpoints, hanging)
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
async function prepare(url: string, port: number, endpoints: number, hanging: number): Promise<void> {
  const prefix = prefixOf(endpoints, hanging)
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
  // What was written is not to be flushed while something is measured. Only some may ask for it.
  await pool.query('checkpoint').catch(() => undefined)
  await store.close()
  await pool.end()
}

function prefixOf(endpoints: number, hanging: number): string {
  return `isolation_${endpoints}_${hanging}_`
}

function runApart(order: IsolationOrder): Promise<IsolationFigures> {
  const file = fileURLToPath(new URL('./isolation-worker.mjs', import.meta.url))
  return new Promise((resolve, reject) => {
    const child = fork(file, [JSON.stringify(order)])
    child.once('message', (figures: IsolationFigures) => resolve(figures))
    child.once('exit', () => reject(new Error('a worker ended')))
  })
}
