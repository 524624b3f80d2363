import { createAddressGuard, createSender, type Transport } from 'crm-webhooks'
import { type PostgresClient, postgresStore } from 'crm-webhooks/storage/postgres'
import { nodeTransport } from 'crm-webhooks/transports/node'
import { Pool } from 'pg'
import { seeded } from '../../src/testing/simulation/seeded.ts'
import { PER_SECOND, sleepUntil } from './traffic.ts'

/** What a worker's process is told. */
export interface IsolationOrder {
  readonly url: string
  readonly prefix: string
  readonly endpoints: number
  /** So many of them, the first ones, hang. */
  readonly hanging: number
  readonly seconds: number
  /** What is published before is not measured: everything is cold then. Milliseconds since the epoch. */
  readonly measuredFromMs: number
  /** The share of the traffic that this process publishes, and which one it is. */
  readonly processes: number
  readonly number: number
}

/** What it answers. */
export interface IsolationFigures {
  /** Events for healthy endpoints. */
  readonly published: number
  /** From publication, in either process, to the answer, for each healthy delivery of this process, in milliseconds. */
  readonly latencies: readonly number[]
}

const order = JSON.parse(process.argv[2] ?? '') as IsolationOrder
const { endpoints, hanging, seconds, processes } = order
const guard = createAddressGuard({ lookup: false, allow: ['127.0.0.0/8'] })
const latencies: number[] = []
const transport = timed(nodeTransport({ guard }))
const pool = new Pool({ connectionString: order.url, max: 10 })
const store = postgresStore(pool as PostgresClient, { prefix: order.prefix })
const sender = createSender({ guard, transport, store, worker: { slots: 50 } })
sender.start()
const random = seeded(endpoints + order.number)
let published = 0
const until = performance.now() + seconds * 1000
let nextAt = performance.now() + 1_000
while (nextAt < until) {
  await sleepUntil(nextAt)
  const i = Math.floor(random() * endpoints)
  const publishedAt = now()
  if (i >= hanging && publishedAt >= order.measuredFromMs) published++
  // Not waited for: a publisher that waits would send less while the store is slow.
  void sender.publish(`e${i}.sent`, { publishedAt, text: 'x'.repeat(900) })
  nextAt += (-Math.log(1 - random()) * 1000 * processes) / PER_SECOND
}
await sleepUntil(performance.now() + 3_000)
process.send?.({ published, latencies } satisfies IsolationFigures)
await sender.stop({ graceSeconds: 0.01 })
process.exit(0)

/** The time that both processes have. */
function now(): number {
  return performance.timeOrigin + performance.now()
}

/** Notes how long healthy deliveries took. */
function timed(inner: Transport): Transport {
  return {
    async send(request) {
      const result = await inner.send(request)
      if (result.ok) {
        const publishedAt = Number(/"publishedAt":([\d.]+)/.exec(Buffer.from(request.body).toString())?.[1])
        if (publishedAt >= order.measuredFromMs) latencies.push(now() - publishedAt)
      }
      return result
    },
  }
}
