import { openSync, writeSync } from 'node:fs'
import { createAddressGuard, createSender } from 'crm-webhooks'
import { spoilClock, type WrongClock } from '../harness/clocks.ts'
import { openStore, type StorePlace } from '../harness/open-store.ts'

/** Publishes events `from` up to, but not including, `to`; each has its number in its data. */
export interface ProducerSettings {
  readonly place: StorePlace
  /** A line before each event, `? 12`, and one when it was accepted, `! 12 evt_…`. */
  readonly log: string
  readonly from: number
  readonly to: number
  /** Event types, in turn. */
  readonly types: readonly string[]
  /** How many are being published at once. */
  readonly atOnce: number
  /** Waits before each, in milliseconds. Default 0. */
  readonly pauseMs?: number
  readonly clock?: WrongClock
  /** Numbers whose data says that they are poison. */
  readonly poison?: readonly number[]
}

const settings = JSON.parse(process.argv[2] ?? '{}') as ProducerSettings
const { from, to, types, atOnce, pauseMs = 0 } = settings
const log = openSync(settings.log, 'a')
const poison = new Set(settings.poison)
if (settings.clock !== undefined) spoilClock(settings.clock)
const store = openStore(settings.place)
const transport = { send: () => Promise.reject(new Error('a producer sends nothing')) }
const sender = createSender({ store, transport, guard: createAddressGuard({ lookup: false }) })
await store.start()
process.stdout.write('started\n')

let next = from
async function publishAll(): Promise<void> {
  while (next < to) {
    const number = next++
    if (pauseMs > 0) await new Promise(resolve => setTimeout(resolve, pauseMs))
    writeSync(log, `? ${number}\n`)
    const data = { number, text: 'x'.repeat(200), ...(poison.has(number) && { poison: true }) }
    // One that is refused was not accepted: nothing is promised about it, and the next one waits for better times.
    const published = await sender.publish(types[number % types.length] ?? '', data).catch(() => undefined)
    if (published !== undefined) writeSync(log, `! ${number} ${published.eventId}\n`)
    else await new Promise(resolve => setTimeout(resolve, 250))
  }
}
await Promise.all(Array.from({ length: atOnce }, publishAll))
await store.close()
process.exit(0)
