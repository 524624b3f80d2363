import { writeSync } from 'node:fs'
import { createAddressGuard, createReceiver, createSender } from 'crm-webhooks'
import { acme, acmeRequest, dealUpdated } from '../../support/acme.ts'
import { openStore, type StorePlace } from '../harness/open-store.ts'

/** Accepts events one after the other, by `publish` or as a durable receiver, and says so after each. */
export interface AcceptorSettings {
  readonly place: StorePlace
  readonly from: number
  readonly count: number
  readonly by: 'publish' | 'receive'
  /** Whether it begins only when it is told so. */
  readonly waits?: boolean
}

const { place, from, count, by, waits = false } = JSON.parse(process.argv[2] ?? '{}') as AcceptorSettings
const store = openStore(place)
const transport = { send: () => Promise.reject(new Error('nothing is sent here')) }
const sender = createSender({ store, transport, guard: createAddressGuard({ lookup: false, allow: ['127.0.0.0/8'] }) })
const receiver = createReceiver({ provider: acme(), store, acknowledge: 'on-receipt' })

async function accept(number: number): Promise<void> {
  if (by === 'publish') {
    await sender.publish('order.paid', { number }, { idempotencyKey: String(number) })
    return
  }
  const { status } = await receiver.receive(acmeRequest(dealUpdated(String(number))))
  if (status !== 202) throw Object.assign(new Error(), { code: `status_${status}` })
}

if (waits) await new Promise(resolve => process.stdin.once('data', resolve))
// A disk that fails may do so here, too.
for (let tries = 0; tries < 20; tries++) {
  if (
    await store.start().then(
      () => true,
      () => false,
    )
  )
    break
}
writeSync(1, 'started\n')
for (let number = from; number < from + count; number++) {
  try {
    await accept(number)
    writeSync(1, `accepted ${number}\n`)
  } catch (error) {
    writeSync(1, `rejected ${number} ${(error as { readonly code?: string }).code ?? 'none'}\n`)
  }
}
process.exit(0)
