import { randomBytes } from 'node:crypto'
import { createAddressGuard, createSender, type Sender, type Transport } from 'crm-webhooks'
import type { Store } from '../../../src/storage/store.ts'
import { atMost } from '../harness/figures.ts'
import { pause, until } from '../harness/rig.ts'
import type { Figure } from '../scenario.ts'

const guard = createAddressGuard({ lookup: false, allow: ['127.0.0.0/8'] })
const decoder = new TextDecoder()
/** A worker that lost what it claimed gets it back after this. */
const LEASE_SECONDS = 5

/** One application that publishes all the time, and one that delivers what the first one stored. */
export interface Traffic {
  readonly publisher: Sender
  /** Numbers of events that `publish` accepted. */
  readonly accepted: ReadonlySet<number>
  /** Rejections by their code; `none` for those without one. */
  readonly rejections: ReadonlyMap<string, number>
  /** The longest that a `publish` took, in milliseconds. */
  readonly slowestMs: () => number
  /** How long it takes from now until something published from now on is delivered, in milliseconds. */
  resumed(withinMs: number): Promise<number>
  /** Waits until everything that was accepted has been delivered; answers how much has not. */
  lost(withinMs: number): Promise<number>
  /** The same for what was accepted later than that. */
  lostSince(before: ReadonlySet<number>, withinMs: number): Promise<number>
  /** Ends the publishing. */
  rest(): Promise<void>
}

/** What traffic runs between. */
export interface TrafficOptions {
  readonly publishing: Store
  readonly delivering: Store
  /** How long `publish` waits, in seconds. Default 3. */
  readonly storeTimeoutSeconds?: number
  /** Characters of data in each event. Default 100. */
  readonly size?: number
  /** Between two events, in milliseconds. Default 10. */
  readonly everyMs?: number
}

/** Lends traffic. An unhandled rejection while it runs makes it fail. */
export async function withTraffic<Result>(
  { publishing, delivering, storeTimeoutSeconds = 3, size = 100, everyMs = 10 }: TrafficOptions,
  use: (traffic: Traffic) => Promise<Result>,
): Promise<{ readonly result: Result; readonly unhandled: number }> {
  const unhandled: unknown[] = []
  const hear = (error: unknown): void => void unhandled.push(error)
  process.on('unhandledRejection', hear)
  const delivered = new Set<number>()
  const options = { guard, worker: { leaseSeconds: LEASE_SECONDS }, endpointRefreshSeconds: 1 }
  const worker = createSender({ ...options, store: delivering, transport: counting(delivered) })
  const publisher = createSender({ ...options, store: publishing, transport: counting(delivered), storeTimeoutSeconds })
  const accepted = new Set<number>()
  const rejections = new Map<string, number>()
  const open = new Set<Promise<void>>()
  let number = 0
  let slowestMs = 0
  let resting = false
  const publishOne = async (): Promise<void> => {
    const [own, atMs] = [number++, Date.now()]
    // Nothing that a database could make smaller.
    const text = randomBytes(Math.ceil(size / 2)).toString('hex')
    try {
      const { deliveries } = await publisher.publish('order.paid', { number: own, text })
      // Before there is an endpoint nothing is to be delivered.
      if (deliveries > 0) accepted.add(own)
    } catch (error) {
      const code = (error as { readonly code?: string } | null)?.code ?? 'none'
      rejections.set(code, (rejections.get(code) ?? 0) + 1)
    }
    slowestMs = Math.max(slowestMs, Date.now() - atMs)
  }
  const publishAll = async (): Promise<void> => {
    while (!resting) {
      const one = publishOne().finally(() => open.delete(one))
      open.add(one)
      await pause(everyMs)
      if (open.size > 200) await Promise.race(open)
    }
    await Promise.all(open)
  }
  worker.start()
  const publishingAll = publishAll()
  const traffic: Traffic = {
    publisher,
    accepted,
    rejections,
    slowestMs: () => slowestMs,
    async resumed(withinMs) {
      const [from, atMs] = [number, Date.now()]
      await until(() => [...delivered].some(one => one >= from && accepted.has(one)), withinMs)
      return Date.now() - atMs
    },
    lost: withinMs => traffic.lostSince(new Set(), withinMs),
    async lostSince(before, withinMs) {
      const missing = (): number => [...accepted].filter(one => !before.has(one) && !delivered.has(one)).length
      await until(() => missing() === 0, withinMs)
      return missing()
    },
    async rest() {
      resting = true
      await publishingAll
    },
  }
  try {
    return { result: await use(traffic), unhandled: unhandled.length }
  } finally {
    await traffic.rest()
    await worker.stop({ graceSeconds: 1 })
    process.off('unhandledRejection', hear)
  }
}

/** The endpoint that all traffic goes to. */
export async function subscribe(traffic: Traffic): Promise<void> {
  await traffic.publisher.endpoints.create({ name: 'Sink', url: 'https://127.0.0.1/hook', events: ['order.*'] })
}

/** What holds whatever was done to the store. */
export function trafficFigures(
  { rejections, slowestMs }: Traffic,
  lost: number,
  unhandled: number,
  limitSeconds = 3,
): Figure[] {
  return [
    atMost('accepted and lost', lost, 0),
    atMost('rejections without a code', rejections.get('none') ?? 0, 0),
    atMost('unhandled rejections', unhandled, 0),
    // The event loop of a busy machine is late.
    atMost('slowest publish', slowestMs() / 1000, limitSeconds + 2, ' s'),
  ]
}

function counting(delivered: Set<number>): Transport {
  return {
    async send({ body }) {
      const text = decoder.decode(body)
      delivered.add(Number(/"number":(\d+)/.exec(text)?.[1]))
      return { ok: true, status: 200, headers: {}, body: new Uint8Array(), truncated: false, durationMs: 0 }
    },
  }
}
