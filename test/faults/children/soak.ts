import { readdirSync, writeSync } from 'node:fs'
import { createAddressGuard, createReceiver, createSender, type Transport } from 'crm-webhooks'
import { memoryStore } from 'crm-webhooks/storage/memory'
import type { Store } from '../../../src/storage/store.ts'
import { acme, acmeRequest, dealUpdated } from '../../support/acme.ts'
import { openStore, type StorePlace } from '../harness/open-store.ts'

/** Works for long, and measures its memory; to be run with `--expose-gc`. */
export interface SoakSettings {
  readonly place: StorePlace | undefined
  readonly work: 'deliver' | 'receive'
  readonly count: number
  /** Received ids that are remembered. */
  readonly maxDedupeEntries: number
  /** Ended events, and exchanges, that the store in memory keeps. */
  readonly maxKept: number
}

/** What was measured after a part of the work. */
export interface Sample {
  readonly done: number
  readonly heapBytes: number
  readonly descriptors: number
}

const SAMPLES = 20
const AT_ONCE = 50
const { place, work, count, maxDedupeEntries, maxKept } = JSON.parse(process.argv[2] ?? '{}') as SoakSettings
const store: Store & { prune?(options: object): Promise<unknown> } =
  place === undefined
    ? memoryStore({ maxDedupeEntries, maxFinishedEvents: maxKept, maxAttempts: maxKept })
    : openStore(place)

let delivered = 0
const transport: Transport = {
  async send() {
    delivered++
    return { ok: true, status: 200, headers: {}, body: new Uint8Array(), truncated: false, durationMs: 0 }
  },
}
const guard = createAddressGuard({ lookup: false, allow: ['127.0.0.0/8'] })
const sender = createSender({ store, transport, guard })
const receiver = createReceiver({ provider: acme(), store })

async function deliver(from: number, to: number): Promise<void> {
  for (let number = from; number < to; number += AT_ONCE) {
    const numbers = Array.from({ length: Math.min(AT_ONCE, to - number) }, (_, i) => number + i)
    await Promise.all(numbers.map(own => sender.publish('order.paid', { number: own, text: 'x'.repeat(200) })))
  }
  while (delivered < to) await new Promise(resolve => setTimeout(resolve, 5))
}

async function receive(from: number, to: number): Promise<void> {
  for (let number = from; number < to; number++) {
    const { status } = await receiver.receive(acmeRequest(dealUpdated(`event-${number}`)))
    if (status !== 200) throw new Error(`answered ${status}`)
  }
}

await store.start?.()
if (work === 'deliver') {
  await sender.endpoints.create({ name: 'Sink', url: 'https://127.0.0.1/hook', events: ['*'] })
  sender.start()
}
writeSync(1, 'started\n')
for (let part = 0; part < SAMPLES; part++) {
  const [from, to] = [Math.floor((count * part) / SAMPLES), Math.floor((count * (part + 1)) / SAMPLES)]
  await (work === 'deliver' ? deliver(from, to) : receive(from, to))
  await store.prune?.({ eventsOlderThanSeconds: 5, attemptsOlderThanSeconds: 5 })
  // Outcomes are being written; two collections also free what the first one made unreachable.
  await new Promise(resolve => setTimeout(resolve, 100))
  globalThis.gc?.()
  globalThis.gc?.()
  const descriptors = readdirSync('/proc/self/fd').length
  const sample: Sample = { done: to, heapBytes: process.memoryUsage().heapUsed, descriptors }
  writeSync(1, `${JSON.stringify(sample)}\n`)
}
process.exit(0)
