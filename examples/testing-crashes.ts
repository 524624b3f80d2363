// What if we die here? A scenario in virtual time, in which your process dies at any step that you name, or at each.
import { createSender } from 'crm-webhooks'
import { type SimulatedWorld, simulate, simulateEveryCrash } from 'crm-webhooks/testing'

async function tellOfAnOrder(world: SimulatedWorld) {
  // The customer's server: down at first. What it takes is noted down, and must be the same each time.
  const customer = world.endpoint('https://customer.example.com/', [503, 200], ({ request }) =>
    world.ledger.delivered('order 7', new TextDecoder().decode(request.body)),
  )
  // Your process, made anew after each of its deaths. The store is what survives.
  const shop = world.spawn('shop', host => {
    const sender = createSender(host)
    sender.start()
    return sender
  })
  await world.calmly(() =>
    shop.insist(({ endpoints }) => endpoints.create({ name: 'Customer', url: customer.url, events: ['order.*'] })),
  )
  // A caller who must be sure tries again until it is accepted; the key keeps that from being two events.
  world.ledger.attempted('order 7')
  await shop.insist(({ publish }) => publish('order.created', { id: 7 }, { idempotencyKey: 'order-7' }))
  world.ledger.accepted('order 7')
  await world.settle()
  return customer.arrivals.map(({ status }) => status).join(', ')
}

const calm = await simulate({}, tellOfAnOrder)
console.log(`nothing happens: ${calm.result}`)

const late = await simulate({ crashAt: 'network.send#2:after' }, tellOfAnOrder)
console.log(`we die once the customer has it: ${late.result}`)
console.log(
  late.history
    .filter(line => /dies|starts/.test(line))
    .map(line => line.slice(14))
    .join(' | '),
)

// Each of these throws, with the history and with what repeats it, as soon as something is lost.
const points = await simulateEveryCrash({}, tellOfAnOrder)
console.log(`every step, both sides of it: ${points.length > 30 ? 'nothing is lost' : 'too few steps'}`)

for (let seed = 1; seed <= 50; seed++) {
  await simulate({ seed, faults: { fail: 0.05, loseAnswer: 0.02, slow: 0.05 } }, tellOfAnOrder)
}
console.log('fifty histories with a store and a network that fail: nothing is lost')

// Prints:
// nothing happens: 503, 200
// we die once the customer has it: 503, 200, 200
// shop.1: starts | shop.1: network.send#2: dies after | shop.2: starts
// every step, both sides of it: nothing is lost
// fifty histories with a store and a network that fail: nothing is lost
