// Senders that are not in the list, in three depths: npx tsx examples/own-provider.ts
import { createProvider, createReceiver } from 'crm-webhooks'
import { sharedSecret } from 'crm-webhooks/credentials'
import { bodyPath, describeProvider, header, listAt, path } from 'crm-webhooks/providers/describe'
import { generic } from 'crm-webhooks/providers/generic'
import { hmacSignature } from 'crm-webhooks/signatures'
import { signedRequest } from 'crm-webhooks/testing'

const secret = 'change-me'

// 1. Most senders: say where things stand.
const shop = generic<{ 'order.created': { total: number }; 'order.cancelled': { reason: string } }>({
  name: 'shop',
  verifier: hmacSignature({ secret, signature: { header: 'x-shop-signature', prefix: 'sha256=' } }),
  type: 'event',
  id: { header: 'x-shop-delivery' },
  data: 'order',
  types: { ORDER_NEW: 'order.created', ORDER_STORNO: 'order.cancelled' },
})

// 2. Batches, set-up requests, other answers: a description. One request of this sender holds several events.
const meter = describeProvider<{ 'reading.taken': { id: string; kwh: number } }>({
  name: 'meter',
  verifier: sharedSecret({ header: 'x-meter-key', secret }),
  split: listAt('readings'),
  id: path('id'),
  type: header('x-meter-event'),
  types: { reading: 'reading.taken' },
  recordId: path('id'),
  time: bodyPath('sent_at'),
})

// 3. Anything else: two functions, from bytes to a verdict and from bytes to events. `parse` must never throw.
const ticker = createProvider<{ 'price.changed': { price: number } }>({
  name: 'ticker',
  verifier: sharedSecret({ header: 'x-ticker-key', secret }),
  eventTypes: ['price.changed'],
  parse: ({ body }) => {
    const [id = '', price = ''] = new TextDecoder().decode(body).split(';')
    if (!/^\d+$/.test(price)) return { ok: false, code: 'malformed_body', message: 'the line is not id;price' }
    const type = 'price.changed'
    const names = {
      type,
      nativeType: 'tick',
      known: true,
      provider: 'ticker',
      entity: 'price',
      action: 'changed',
    } as const
    const rest = { time: undefined, recordId: undefined, attempt: undefined, raw: undefined }
    return { ok: true, events: [{ id, idSource: 'sender', ...names, ...rest, data: { price: Number(price) } }] }
  },
})

const shopReceiver = createReceiver({ provider: shop })
shopReceiver.on('order.created', ({ id, data }) => console.log(`${id}: an order of ${data.total}`))

const meterReceiver = createReceiver({ provider: meter })
meterReceiver.on('reading.taken', ({ recordId, data }) => console.log(`${recordId}: ${data.kwh} kWh`))

const tickerReceiver = createReceiver({ provider: ticker })
tickerReceiver.on('price.changed', ({ data }) => console.log(`price ${data.price}`))

const order = { event: 'ORDER_NEW', order: { total: 99 } }
const orderRequest = await signedRequest(shop, undefined, { body: order, headers: { 'x-shop-delivery': 'd-1' } })
console.log((await shopReceiver.receive(orderRequest)).status)

const readings = {
  sent_at: '2026-01-02T09:30:00Z',
  readings: [
    { id: 'r-1', kwh: 5 },
    { id: 'r-2', kwh: 7 },
  ],
}
const readingsRequest = await signedRequest(meter, undefined, {
  body: readings,
  headers: { 'x-meter-event': 'reading' },
})
console.log((await meterReceiver.receive(readingsRequest)).status)

console.log((await tickerReceiver.receive(await signedRequest(ticker, undefined, { body: '17;420' }))).status)
console.log((await tickerReceiver.receive(await signedRequest(ticker, undefined, { body: 'nonsense' }))).status)

// Prints:
// d-1: an order of 99
// 200
// r-1: 5 kWh
// r-2: 7 kWh
// 200
// price 420
// 200
// 400
