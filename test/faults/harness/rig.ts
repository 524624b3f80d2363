import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createAddressGuard, createSender, type Delivery } from 'crm-webhooks'
import type { SqlStore } from 'crm-webhooks/storage/sqlite'
import type { Arrival, EndpointSettings } from '../children/endpoint.ts'
import type { ProducerSettings } from '../children/producer.ts'
import type { WorkerSettings } from '../children/worker.ts'
import { type Books, checkBooks, type Pair } from './books.ts'
import { type Child, type StartChild, withChildren } from './children.ts'
import { openStore, type StorePlace } from './open-store.ts'
import { type Place, withPlace } from './places.ts'

/** What a rig is built for. */
export interface RigOptions {
  readonly kind: StorePlace['kind']
  readonly seed: number
  readonly endpoint?: Partial<EndpointSettings>
  /** How many subscriptions want each event. Default 2. */
  readonly subscriptions?: number
}

/** Endpoints in a process of their own, a store, and workers and producers in processes that can be killed. */
export interface Rig {
  readonly place: Place
  readonly store: SqlStore
  readonly start: StartChild
  worker(name: string, settings?: Partial<WorkerSettings>): Promise<Child>
  /** Starts a producer. */
  producer(to: number, settings?: Partial<ProducerSettings>): Promise<Child>
  /** What the endpoint wrote down so far. */
  arrivals(): readonly Arrival[]
  /** Waits until producers are done and nothing is to be delivered any more; `false` when that takes too long. */
  drained(withinMs: number): Promise<boolean>
  books(): Promise<Books>
  /** All deliveries with a status. */
  deliveries(status?: Delivery['status']): Promise<readonly Delivery[]>
}

/** Event types; events take them in turn, so that each goes to endpoints of its own. */
const TYPES = ['order.a', 'order.b', 'order.c', 'order.d']
export const SLOTS = 16
export const LEASE_SECONDS = 3
export const GRACE_SECONDS = 5

/** Builds a rig, lends it, and takes it down whatever happens. */
export async function withRig<Result>(options: RigOptions, use: (rig: Rig) => Promise<Result>) {
  return withPlace(options.kind, place => withRigAt(place, options, use))
}

/** The same, at a store that is there already. */
export function withRigAt<Result>(
  place: Place,
  options: Omit<RigOptions, 'kind'>,
  use: (rig: Rig) => Promise<Result>,
): Promise<Result> {
  return withChildren(async start => {
    const store = openStore(place.store)
    try {
      await store.start()
      return await use(await buildRig(place, store, start, options))
    } finally {
      await store.close()
    }
  })
}

async function buildRig(
  place: Place,
  store: SqlStore,
  start: StartChild,
  { seed, endpoint, subscriptions = 2 }: Omit<RigOptions, 'kind'>,
): Promise<Rig> {
  const key = randomBytes(32).toString('base64')
  const logs = { arrivals: join(place.folder, 'arrivals'), events: join(place.folder, 'events') }
  const settings: EndpointSettings = { log: logs.arrivals, key, seed, failing: 0.12, answersAfterMs: [20, 80] }
  const { hello: port } = await start('endpoint', { ...settings, ...endpoint })
  const paths = await subscribe(store, Number(port), key, subscriptions)
  const base = { place: place.store, slots: SLOTS, leaseSeconds: LEASE_SECONDS, graceSeconds: GRACE_SECONDS }
  const producers: Child[] = []
  const rig: Rig = {
    place,
    store,
    start,
    worker: (name, more) => start('worker', { ...base, name, ...more } satisfies WorkerSettings),
    async producer(to, more) {
      const common = { place: place.store, log: logs.events, from: 0, to, types: TYPES, atOnce: 8 }
      const producer = await start('producer', { ...common, ...more } satisfies ProducerSettings)
      producers.push(producer)
      return producer
    },
    arrivals: () => readLines(logs.arrivals).map(line => JSON.parse(line) as Arrival),
    drained: withinMs =>
      until(async () => {
        if (producers.some(({ isRunning }) => isRunning)) return false
        return (await store.deliveries.list({ status: 'pending', limit: 1 })).items.length === 0
      }, withinMs),
    deliveries: status => allDeliveries(store, status),
    async books() {
      const events = readLines(logs.events).map(line => line.split(' '))
      const pairsOf = (sign: string): readonly Pair[] =>
        events.filter(([first]) => first === sign).flatMap(([, number]) => pathsOf(Number(number), subscriptions))
      const numbers = new Map(events.map(([, number, eventId]) => [eventId, Number(number)]))
      const failed = await allDeliveries(store, 'failed')
      const givenUp = failed.map(({ eventId, endpointId }) => ({
        path: paths.get(endpointId) ?? '',
        number: numbers.get(eventId) ?? -1,
      }))
      return checkBooks({ accepted: pairsOf('!'), submitted: pairsOf('?'), givenUp, arrivals: rig.arrivals() })
    },
  }
  return rig
}

/** Every endpoint wants one of the types, and has a path of its own. Answers the paths by the ids. */
async function subscribe(
  store: SqlStore,
  port: number,
  key: string,
  subscriptions: number,
): Promise<ReadonlyMap<string, string>> {
  const paths = new Map<string, string>()
  const transport = { send: () => Promise.reject(new Error('nothing is sent from here')) }
  const sender = createSender({
    store,
    transport,
    guard: createAddressGuard({ lookup: false, allow: ['127.0.0.0/8'] }),
  })
  for (const [type, name] of TYPES.entries()) {
    for (let copy = 0; copy < subscriptions; copy++) {
      const path = `/${type}/${copy}`
      const { endpoint } = await sender.endpoints.create({
        name: `${name} ${copy}`,
        url: `http://127.0.0.1:${port}${path}`,
        events: [name],
        secret: `whsec_${key}`,
        // Soon and often: an endpoint that fails one request in eight gets everything in the end.
        retry: { initialSeconds: 0.1, factor: 1.5, maxSeconds: 1, maxAttempts: 40 },
      })
      paths.set(endpoint.id, path)
    }
  }
  return paths
}

function pathsOf(number: number, subscriptions: number): Pair[] {
  return Array.from({ length: subscriptions }, (_, copy) => ({ path: `/${number % TYPES.length}/${copy}`, number }))
}

function readLines(file: string): readonly string[] {
  // The last line may be half a line, when its writer was killed.
  return existsSync(file) ? readFileSync(file, 'utf8').split('\n').slice(0, -1) : []
}

async function allDeliveries(store: SqlStore, status?: Delivery['status']): Promise<readonly Delivery[]> {
  const all: Delivery[] = []
  for (let cursor: string | undefined; ; ) {
    const filter = { limit: 250, ...(status && { status }), ...(cursor !== undefined && { cursor }) }
    const page = await store.deliveries.list(filter)
    all.push(...page.items)
    cursor = page.cursor
    if (cursor === undefined) return all
  }
}

/** Waits until something holds; `false` when that takes too long. A store that is down holds nothing. */
export async function until(
  holds: () => boolean | Promise<boolean>,
  withinMs: number,
  everyMs = 100,
): Promise<boolean> {
  const endMs = Date.now() + withinMs
  while (Date.now() < endMs) {
    try {
      if (await holds()) return true
    } catch {
      // Asked again below.
    }
    await pause(everyMs)
  }
  return false
}

export function pause(ms: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, ms))
}
