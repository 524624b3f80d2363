import { createReceiver } from 'crm-webhooks'
import { standardWebhooksSender } from 'crm-webhooks/providers/standard-webhooks'
import type { Arrival, SimulatedWorld } from 'crm-webhooks/testing'
import {
  contentOf,
  firstArrivals,
  keyOf,
  noteGivenUp,
  SECRET,
  sendDeals,
  spawnReceiver,
  spawnSender,
  subscribe,
  withoutCause,
} from './support.ts'

/** One event, one endpoint that fails the first time, one sender. */
export async function publishOne(world: SimulatedWorld): Promise<void> {
  const inbox = world.endpoint('https://inbox.example.com/', [503, 200], arrival =>
    world.ledger.delivered(keyOf(arrival), contentOf(arrival)),
  )
  const sender = spawnSender(world, 'sender')
  await subscribe(world, sender, inbox.url)
  world.ledger.attempted('a')
  await sender.insist(({ publish }) => publish('lead.created', { key: 'a' }, { idempotencyKey: 'a' }))
  world.ledger.accepted('a')
  await world.settle()
}

/** What a history of {@link traffic} came to. */
export interface Traffic {
  readonly arrivals: number
  readonly givenUp: number
  /** Repeated, though the sender had heard the answer and nothing had happened to it. */
  readonly withoutCause: readonly string[]
  /** What first arrived at the endpoint that wants order, subject by subject, where it was not published so. */
  readonly disorder: readonly string[]
}

const EVENTS = 6

/** Two senders on one store; one endpoint is slower than a lease, one fails often, one wants order. */
export async function traffic(world: SimulatedWorld): Promise<Traffic> {
  const { ledger, random } = world
  const accept = (name: string) => (arrival: Arrival) =>
    ledger.delivered(`${keyOf(arrival)} to ${name}`, contentOf(arrival))
  const failing = () => (random() < 0.3 ? 503 : random() < 0.1 ? 'hang' : 200)
  const slow = () => ({ status: 200, afterMs: Math.floor(random() * 25_000) })
  const endpoints = {
    slow: world.endpoint('https://slow.example.com/', slow, accept('slow')),
    failing: world.endpoint('https://failing.example.com/', failing, accept('failing')),
    ordered: world.endpoint('https://ordered.example.com/', failing, accept('ordered')),
  }
  const senders = [spawnSender(world, 'one'), spawnSender(world, 'two')] as const
  await subscribe(world, senders[0], endpoints.slow.url, { timeoutSeconds: 30 })
  await subscribe(world, senders[0], endpoints.failing.url, { timeoutSeconds: 10 })
  await subscribe(world, senders[0], endpoints.ordered.url, { ordering: 'subject' })
  const names = Object.keys(endpoints)
  const accepted: string[] = []
  for (let i = 0; i < EVENTS; i++) {
    const key = `lead-${i}`
    const sender = senders[i % 2] ?? senders[0]
    for (const name of names) ledger.attempted(`${key} to ${name}`)
    const publish = sender[i % 4 === 3 ? 'call' : 'insist'](instance =>
      instance.publish('lead.created', { key }, { idempotencyKey: key, subject: `subject-${i % 3}` }),
    )
    const isAccepted = await publish.then(
      () => true,
      () => false,
    )
    if (isAccepted) accepted.push(key)
    if (isAccepted) for (const name of names) ledger.accepted(`${key} to ${name}`)
    await world.sleep(Math.floor(random() * 15_000))
  }
  await world.sleep(Math.floor(random() * 120_000))
  await world.settle()
  const { items } = await world.store.endpoints.list({})
  const nameOf = new Map(items.map(({ id, url }) => [id, names.find(name => url.includes(name)) ?? url]))
  const givenUp = await noteGivenUp(world, ({ data }, endpointId) => `${data.key} to ${nameOf.get(endpointId)}`)
  // What is set aside, since its senders died of it, does not hold up the others.
  const first = firstArrivals(endpoints.ordered.arrivals).filter(
    key => accepted.includes(key) && !givenUp.has(`${key} to ordered`),
  )
  const disorder = [0, 1, 2].flatMap(subject => {
    const numbers = first.map(key => Number(key.slice(5))).filter(number => number % 3 === subject)
    return numbers.join() === [...numbers].sort((a, b) => a - b).join() ? [] : [numbers.join(', ')]
  })
  return {
    arrivals: Object.values(endpoints).reduce((sum, { arrivals }) => sum + arrivals.length, 0),
    givenUp: givenUp.size,
    withoutCause: Object.values(endpoints).flatMap(({ arrivals }) => withoutCause(world, arrivals)),
    disorder,
  }
}

/** Somebody sends some events to two receivers that share a store. */
export function receiving(acknowledge: 'on-receipt' | 'after-handling', count: number) {
  return async (world: SimulatedWorld): Promise<void> => {
    const names = ['left', 'right']
    for (const name of names) spawnReceiver(world, name, acknowledge)
    await sendDeals(world, names, count)
    await world.settle()
    await noteGivenUp(world, ({ id }) => id)
  }
}

/** A sender of ours, and a receiver of ours that handles what it sends. */
export async function bothEnds(world: SimulatedWorld): Promise<void> {
  const url = 'https://hooks.example.com/'
  const receiver = world.spawn('receiver', host => {
    const provider = standardWebhooksSender({ secret: SECRET })
    const made = createReceiver({ ...host, provider, acknowledge: 'on-receipt' })
    made.on('lead.created', ({ data }) => host.step('crm.write', () => world.ledger.delivered(String(data.data?.key))))
    made.start()
    return made
  })
  world.serve(url, receiver, (made, request) => made.receive(request))
  const sender = spawnSender(world, 'sender')
  await subscribe(world, sender, url)
  for (const key of ['a', 'b']) {
    world.ledger.attempted(key)
    await sender.insist(({ publish }) => publish('lead.created', { key }, { idempotencyKey: key }))
    world.ledger.accepted(key)
  }
  await world.settle()
}

/**
 * Two senders and somebody who disables an endpoint and enables it again by either of them, while events are published
 * and what waits is sent. In the end it is enabled.
 */
export async function switchedOffAndOn(world: SimulatedWorld): Promise<void> {
  const { ledger, random } = world
  const inbox = world.endpoint(
    'https://inbox.example.com/',
    () => (random() < 0.2 ? 503 : 200),
    arrival => ledger.delivered(keyOf(arrival), contentOf(arrival)),
  )
  const senders = [spawnSender(world, 'one'), spawnSender(world, 'two')] as const
  const either = () => senders[random() < 0.5 ? 0 : 1]
  await subscribe(world, senders[0], inbox.url)
  const id = (await world.store.endpoints.list({})).items[0]?.id ?? ''
  for (let i = 0; i < 8; i++) {
    const key = `lead-${i}`
    ledger.attempted(key)
    const publish = either().insist(sender => sender.publish('lead.created', { key }, { idempotencyKey: key }))
    if ((await publish).deliveries > 0) ledger.accepted(key)
    await world.sleep(Math.floor(random() * 4_000))
    if (i % 2 === 1) continue
    await either().insist(({ endpoints }) => endpoints.disable(id))
    await world.sleep(Math.floor(random() * 4_000))
    await either().insist(({ endpoints }) => endpoints.enable(id))
  }
  await world.settle()
  await noteGivenUp(world, ({ data }) => data.key)
}
