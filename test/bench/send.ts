import { createHmac, createSecretKey, randomBytes } from 'node:crypto'
import { Agent, request } from 'node:http'
import { createAddressGuard, createSender } from 'crm-webhooks'
import { memoryStore } from 'crm-webhooks/storage/memory'
import { nodeTransport } from 'crm-webhooks/transports/node'
import { formatTable, median } from './harness.ts'
import { startSink } from './start-sink.ts'

const ENDPOINTS = 16
const CONCURRENCY = 48
const DATA = { text: 'x'.repeat(900), id: 4242, title: 'Renewal' }

/**
 * Deliveries over loopback with the memory store, signed and recorded, beside a bare loop with the same client
 * (node:http, connections kept) and the same signature. The sink is a process of its own; both take turns.
 */
export async function run({ rounds = 7, deliveries = 6_000 } = {}): Promise<void> {
  const sink = await startSink()
  const bare = bareLoop(sink.port)
  const own = await senderLoop(sink.port)
  const cpu = { bare: [] as number[], own: [] as number[] }
  const rate = { bare: [] as number[], own: [] as number[] }
  try {
    for (let round = -2; round < rounds; round++) {
      const order = round % 2 === 0 ? (['bare', 'own'] as const) : (['own', 'bare'] as const)
      for (const name of order) {
        const loop = name === 'bare' ? bare : own
        const before = process.cpuUsage()
        const from = process.hrtime.bigint()
        await loop.send(deliveries)
        const seconds = Number(process.hrtime.bigint() - from) / 1e9
        const { user, system } = process.cpuUsage(before)
        if (round < 0) continue
        cpu[name].push((user + system) / deliveries)
        rate[name].push(deliveries / seconds)
      }
    }
  } finally {
    await own.stop()
    bare.stop()
    sink.stop()
  }
  const ratio = median(cpu.own.map((own, i) => own / (cpu.bare[i] ?? Number.NaN)))
  console.log(`\n## Sending 1 kB over loopback, memory store, signed and recorded, ${ENDPOINTS} endpoints\n`)
  console.log(
    formatTable([
      {
        loop: 'bare node:http + HMAC',
        'deliveries/s': Math.round(median(rate.bare)),
        'CPU µs': median(cpu.bare).toFixed(1),
        'CPU to bare': '1.00',
        goal: '',
      },
      {
        loop: 'crm-webhooks sender',
        'deliveries/s': Math.round(median(rate.own)),
        'CPU µs': median(cpu.own).toFixed(1),
        'CPU to bare': ratio.toFixed(2),
        goal: `≤ 1.4: ${ratio <= 1.4 ? 'reached' : 'missed'}`,
      },
    ]),
  )
}

interface Loop {
  send(count: number): Promise<void>
  stop(): unknown
}

function bareLoop(port: number): Loop {
  const agent = new Agent({ keepAlive: true, maxSockets: CONCURRENCY })
  const key = createSecretKey(randomBytes(32))
  const post = (i: number): Promise<void> =>
    new Promise((resolve, reject) => {
      const id = `evt_${i}`
      const timestamp = Math.floor(Date.now() / 1000)
      const body = JSON.stringify({ type: 'deal.updated', timestamp: new Date().toISOString(), data: { ...DATA, i } })
      const signature = createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body).digest('base64')
      const headers = {
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(body),
        'webhook-id': id,
        'webhook-timestamp': timestamp,
        'webhook-signature': `v1,${signature}`,
        'user-agent': 'bare',
      }
      const outgoing = request(
        { host: '127.0.0.1', port, path: `/ok${i % ENDPOINTS}`, method: 'POST', headers, agent },
        answer => {
          answer.resume()
          answer.on('end', resolve)
        },
      )
      outgoing.on('error', reject)
      outgoing.end(body)
    })
  return {
    async send(count) {
      let next = 0
      const work = async (): Promise<void> => {
        while (next < count) await post(next++)
      }
      await Promise.all(Array.from({ length: CONCURRENCY }, work))
    },
    stop: () => agent.destroy(),
  }
}

async function senderLoop(port: number): Promise<Loop> {
  const guard = createAddressGuard({ lookup: false, allow: ['127.0.0.0/8'] })
  const transport = nodeTransport({ guard })
  const sender = createSender({ guard, transport, store: memoryStore(), worker: { slots: CONCURRENCY } })
  for (let i = 0; i < ENDPOINTS; i++) {
    await sender.endpoints.create({
      name: `e${i}`,
      url: `http://127.0.0.1:${port}/ok${i}`,
      events: [`deal.updated${i}`],
    })
  }
  let settled = (): void => {}
  sender.lifecycle.on('delivery.succeeded', () => settled())
  sender.lifecycle.on('delivery.failed', ({ attempt }) => {
    throw new Error(attempt.errorMessage)
  })
  sender.start()
  return {
    /** As many are under way as in the bare loop: the next is published when one is delivered. */
    send: count =>
      new Promise((resolve, reject) => {
        let next = 0
        let done = 0
        const publish = (): void => {
          if (next >= count) return
          const i = next++
          sender.publish(`deal.updated${i % ENDPOINTS}`, { ...DATA, i }).catch(reject)
        }
        settled = () => {
          done++
          publish()
          if (done === count) resolve()
        }
        for (let i = 0; i < CONCURRENCY; i++) publish()
      }),
    async stop() {
      await sender.stop()
      await transport.close?.()
    },
  }
}
