import { createAddressGuard, createSender } from 'crm-webhooks'
import { memoryStore } from 'crm-webhooks/storage/memory'
import { nodeTransport } from 'crm-webhooks/transports/node'
import { seeded } from '../../src/testing/simulation/seeded.ts'
import { formatTable } from './harness.ts'
import { run as runPostgres } from './isolation-postgres.ts'
import { startSink } from './start-sink.ts'
import { PER_SECOND, quantile, sleepUntil } from './traffic.ts'

const TIME_LIMIT_SECONDS = 10

interface Outcome {
  readonly delivered: number
  readonly p50: number
  readonly p99: number
}

/**
 * Whether endpoints that hang delay the others: 50 slots, a time limit of 10 s, events at random times, over real
 * sockets. Latency is from `publish` to the answer, of healthy endpoints.
 */
export async function run({ seconds = 25 } = {}): Promise<void> {
  const sink = await startSink()
  const rows: Array<Record<string, string | number>> = []
  try {
    for (const endpoints of [100, 1_000]) {
      let calm: Outcome | undefined
      for (const hanging of [0, 0.1, 0.5]) {
        const outcome = await measure(sink.port, endpoints, hanging, seconds)
        calm ??= outcome
        const limit = hanging === 0 ? undefined : hanging < 0.5 ? 1.2 : 2
        const ratio = outcome.p99 / calm.p99
        const reached = limit !== undefined && ratio <= limit && outcome.delivered >= 0.99
        rows.push({
          endpoints,
          hanging: `${100 * hanging} %`,
          'healthy delivered': `${(100 * outcome.delivered).toFixed(2)} %`,
          'p50 ms': outcome.p50.toFixed(2),
          'p99 ms': outcome.p99.toFixed(2),
          'p99 to none hanging': ratio.toFixed(2),
          goal: limit === undefined ? '' : `≥ 99 %, ≤ ${limit}: ${reached ? 'reached' : 'missed'}`,
        })
      }
    }
  } finally {
    sink.stop()
  }
  console.log(
    `\n## Hanging endpoints: 50 slots, ${TIME_LIMIT_SECONDS} s time limit, ${PER_SECOND} events/s, ${seconds} s each\n`,
  )
  console.log(formatTable(rows))
  await runPostgres()
}

async function measure(port: number, endpoints: number, hanging: number, seconds: number): Promise<Outcome> {
  const guard = createAddressGuard({ lookup: false, allow: ['127.0.0.0/8'] })
  const transport = nodeTransport({ guard })
  const sender = createSender({ guard, transport, store: memoryStore(), worker: { slots: 50 } })
  for (let i = 0; i < endpoints; i++) {
    const path = i < endpoints * hanging ? 'hang' : 'ok'
    const url = `http://127.0.0.1:${port}/${path}${i}`
    await sender.endpoints.create({
      name: `e${i}`,
      url,
      events: [`e${i}.sent`],
      timeoutSeconds: TIME_LIMIT_SECONDS,
      retry: [3_600],
    })
  }
  const published = new Map<string, number>()
  const latencies: number[] = []
  sender.lifecycle.on('delivery.succeeded', ({ delivery }) => {
    latencies.push(performance.now() - (published.get(delivery.eventType) ?? 0))
  })
  sender.start()
  const random = seeded(endpoints)
  let healthy = 0
  const until = performance.now() + seconds * 1000
  let nextAt = performance.now()
  while (nextAt < until) {
    await sleepUntil(nextAt)
    const i = Math.floor(random() * endpoints)
    const type = `e${i}.sent`
    if (i >= endpoints * hanging) healthy++
    published.set(type, performance.now())
    await sender.publish(type, { i, text: 'x'.repeat(900) })
    nextAt += (-Math.log(1 - random()) * 1000) / PER_SECOND
  }
  await sleepUntil(performance.now() + 500)
  const delivered = latencies.length / healthy
  await sender.stop({ graceSeconds: 0.01 })
  await transport.close?.()
  return { delivered, p50: quantile(latencies, 0.5), p99: quantile(latencies, 0.99) }
}
