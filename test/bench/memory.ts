/**
 * What a pending delivery costs in memory: 100 events for 1,000 endpoints each, 1 KB of data, in the memory store and
 * in plain objects with everything in them. The heap is measured after garbage collection, in a process of its own
 * for each layout.
 */
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { type Delivery, deliveryId, type StoredEvent } from '../../src/model/delivery.ts'
import { memoryStore } from '../../src/storage/memory.ts'

/** One measurement. */
export interface Row {
  readonly name: string
  readonly bytesPerDelivery: number
  /** `undefined` where there is none. */
  readonly goal: number | undefined
  readonly reached: boolean | undefined
}

const EVENTS = 100
const ENDPOINTS = 1_000
const DATA_BYTES = 1_024
const GOALS = { 'memory store': 200, 'plain objects, data shared': undefined, 'plain objects': undefined } as const
type Layout = keyof typeof GOALS
const LAYOUTS = Object.keys(GOALS) as Layout[]

/** Measures every layout. */
export function run(): readonly Row[] {
  const rows = LAYOUTS.map(measureApart)
  console.log('\n## Memory of a pending delivery: 100 events × 1,000 endpoints, 1 KB of data\n')
  console.log('| layout | bytes per delivery | goal | reached |\n| --- | --- | --- | --- |')
  for (const { name, bytesPerDelivery, goal, reached } of rows) {
    const verdict = goal === undefined ? ['', ''] : [`≤ ${goal}`, reached ? 'yes' : 'no']
    console.log(`| ${[name, bytesPerDelivery, ...verdict].join(' | ')} |`)
  }
  return rows
}

function measureApart(name: Layout): Row {
  const script = fileURLToPath(import.meta.url)
  const child = spawnSync(process.execPath, ['--expose-gc', script, name], { encoding: 'utf8' })
  const bytesPerDelivery = Number(child.stdout)
  if (!(bytesPerDelivery > 0)) throw new Error(`no figure for ${name}: ${child.stderr}`)
  const goal = GOALS[name]
  return { name, bytesPerDelivery, goal, reached: goal === undefined ? undefined : bytesPerDelivery <= goal }
}

function eventOf(index: number): StoredEvent {
  const data = JSON.stringify({ index, text: 'x'.repeat(DATA_BYTES) })
  return { id: `evt_${index}`, tenant: 't', type: 'deal.updated', timestampMs: index, subject: 's', data, metadata: {} }
}

function plainDelivery(event: StoredEvent, ordinal: number): Delivery {
  return {
    id: deliveryId(event.id, ordinal),
    direction: 'outbound',
    eventId: event.id,
    eventType: event.type,
    tenant: event.tenant,
    subject: event.subject,
    endpointId: `ep_${ordinal}`,
    lane: `ep_${ordinal}`,
    status: 'pending',
    dueAtMs: 1_700_000_000_000 + ordinal,
    attempts: 0,
    triesUsed: 0,
    crashes: 0,
    body: undefined,
    lastError: undefined,
    cause: undefined,
    externalId: undefined,
    isTest: false,
    createdAtMs: 1_700_000_000_000,
    finishedAtMs: undefined,
  }
}

/** Everything is kept that is answered. */
async function build(layout: Layout): Promise<unknown> {
  const endpointIds = Array.from({ length: ENDPOINTS }, (_, i) => `ep_${i}`)
  if (layout === 'memory store') {
    const store = memoryStore()
    for (let i = 0; i < EVENTS; i++) {
      const deliveries = endpointIds.map(endpointId => ({
        direction: 'outbound' as const,
        endpointId,
        lane: endpointId,
        ordered: false,
        dueAtMs: 1_700_000_000_000 + i,
        isTest: false,
      }))
      await store.deliveries.enqueue([{ event: eventOf(i), deliveries }])
    }
    return store
  }
  const kept: unknown[] = []
  for (let i = 0; i < EVENTS; i++) {
    const event = eventOf(i)
    for (let ordinal = 0; ordinal < ENDPOINTS; ordinal++) {
      const data = layout === 'plain objects' ? JSON.stringify(JSON.parse(event.data)) : event.data
      kept.push({ ...plainDelivery(event, ordinal), data })
    }
  }
  return kept
}

/** Alive until the end of the process. */
const held: unknown[] = []

async function measure(layout: Layout): Promise<number> {
  const collect = (globalThis as { gc?: () => void }).gc
  if (collect === undefined) throw new Error('run with --expose-gc')
  collect()
  const before = process.memoryUsage().heapUsed
  held.push(await build(layout))
  collect()
  return Math.round((process.memoryUsage().heapUsed - before) / (EVENTS * ENDPOINTS))
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const layout = LAYOUTS.find(name => name === process.argv[2])
  if (layout === undefined) run()
  else process.stdout.write(String(await measure(layout)))
}
