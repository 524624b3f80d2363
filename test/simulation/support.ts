import { createReceiver, createSender, type Receiver, type Sender } from 'crm-webhooks'
import type { Arrival, SimulatedFaults, SimulatedProcess, SimulatedWorld } from 'crm-webhooks/testing'
import { type AcmeEvents, acme, acmeRequest, dealUpdated } from '../support/acme.ts'

/** A signing secret, the same in every run. */
export const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwAAAAAAAAAAA='

/** Everything that may go wrong, at a rate at which most of it still goes well. */
export const STORM: SimulatedFaults = { fail: 0.02, loseAnswer: 0.02, slow: 0.02, kill: 0.02, pause: 0.01 }

interface Body {
  readonly data: { readonly key: string }
}

/** What is stored of an event: the data that was published, or the event that was received. */
interface Stored {
  readonly id: string
  readonly data: { readonly key: string }
}

/** What an arrival is about, as the test calls it. */
export function keyOf({ request }: Arrival): string {
  return (JSON.parse(new TextDecoder().decode(request.body)) as Body).data.key
}

/** What must be the same each time that something arrives. */
export function contentOf({ request }: Arrival): string {
  return `${request.headers['webhook-id']} ${new TextDecoder().decode(request.body)}`
}

/** Starts a process with a sender that works. */
export function spawnSender(world: SimulatedWorld, name: string, leaseSeconds = 20): SimulatedProcess<Sender> {
  return world.spawn(name, host => {
    const sender = createSender({ ...host, worker: { slots: 5, leaseSeconds, pollSeconds: 10 } })
    sender.start()
    return sender
  })
}

/** An endpoint of ours in the store, made while nothing goes wrong. */
export async function subscribe(
  world: SimulatedWorld,
  sender: SimulatedProcess<Sender>,
  url: string,
  more: object = {},
): Promise<void> {
  const input = { name: url, url, events: ['lead.*'], secret: SECRET, retry: [5, 20, 60, 60, 60, 60, 60, 60], ...more }
  await world.calmly(() => sender.insist(({ endpoints }) => endpoints.create(input)))
}

/** Tells the ledger of deliveries that were given up. */
export async function noteGivenUp(
  world: SimulatedWorld,
  keyFor: (stored: Stored, endpointId: string) => string,
): Promise<ReadonlySet<string>> {
  const givenUp = new Set<string>()
  const { items } = await world.store.deliveries.list({ status: 'failed', limit: 250 })
  for (const { id, endpointId } of items) {
    const found = await world.store.deliveries.get(id)
    if (found === undefined) continue
    const { direction } = found.delivery
    const data = JSON.parse(found.event.data) as unknown
    const stored = direction === 'inbound' ? (data as Stored) : { id: found.event.id, data: data as Stored['data'] }
    givenUp.add(keyFor(stored, endpointId))
  }
  for (const key of givenUp) world.ledger.gaveUp(key)
  return givenUp
}

/** A lease, and some time for what follows from losing it. */
const MARGIN_MS = 25_000

/**
 * Deliveries that were repeated without a cause: the answer was heard, and nothing had happened lately to who heard
 * it, nor to who sent it again.
 */
export function withoutCause({ incidents }: SimulatedWorld, arrivals: readonly Arrival[]): readonly string[] {
  const happened = (process: string, fromMs: number, toMs: number): boolean =>
    incidents.some(one => one.process === process && one.untilMs >= fromMs - MARGIN_MS && one.atMs <= toMs)
  const last = new Map<string, Arrival>()
  return arrivals.flatMap(arrival => {
    if (arrival.status !== 200) return []
    const key = keyOf(arrival)
    const before = last.get(key)
    last.set(key, arrival)
    if (before === undefined || !before.heard) return []
    const isCaused =
      happened(before.from, before.atMs, arrival.atMs) || happened(arrival.from, arrival.atMs, arrival.atMs)
    return isCaused ? [] : [`${key} from ${before.from} and ${arrival.from}`]
  })
}

/** The order in which things first arrived. */
export function firstArrivals(arrivals: readonly Arrival[]): readonly string[] {
  return [...new Set(arrivals.filter(({ status }) => status === 200).map(keyOf))]
}

/** Starts a process with a receiver whose handler writes to a CRM: a step of its own. */
export function spawnReceiver(
  world: SimulatedWorld,
  name: string,
  acknowledge: 'on-receipt' | 'after-handling',
): SimulatedProcess<Receiver<AcmeEvents>> {
  const process = world.spawn(name, host => {
    const retry = acknowledge === 'on-receipt' && { retry: [5, 30, 60, 60, 60, 60, 60, 60] }
    const receiver = createReceiver({ ...host, provider: acme(), acknowledge, ...retry })
    receiver.on('deal.updated', ({ id }) => host.step('crm.write', () => world.ledger.delivered(id)))
    receiver.start()
    return receiver
  })
  world.serve(`https://${name}.example.com/`, process, (receiver, request) => receiver.receive(request))
  return process
}

/** Somebody's CRM sends events, each until it is taken, to one receiver or the other. */
export async function sendDeals(world: SimulatedWorld, names: readonly string[], count: number): Promise<void> {
  const sendOne = async (id: string): Promise<void> => {
    world.ledger.attempted(id)
    const result = await world.insist(() => {
      const name = names[Math.floor(world.random() * names.length)]
      return acmeRequest(dealUpdated(id), { url: `https://${name}.example.com/` })
    })
    if (result.ok && result.status < 300) world.ledger.accepted(id)
  }
  const sent: Array<Promise<void>> = []
  for (let i = 0; i < count; i++) {
    sent.push(sendOne(`deal-${i}`))
    await world.sleep(Math.floor(world.random() * 10_000))
  }
  await Promise.all(sent)
}
