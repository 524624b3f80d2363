import { join } from 'node:path'
import type { Printer } from '../print.ts'
import { printBooks } from './books.ts'
import { allDeliveries, ended } from './deliveries.ts'
import { LEASE_SECONDS, openSender } from './sender.ts'
import { ANSWER_MS, openTarget } from './target.ts'
import { startWorker } from './worker.ts'

const EVENTS = 300
const KILL_AFTER = 120

/** Publishes, and has it sent by two processes, of which one dies. */
export async function playKilledSender(folder: string, printer: Printer): Promise<void> {
  const about = `the target takes ${ANSWER_MS} ms for a request; a dead worker's deliveries are free after ${LEASE_SECONDS} s`
  printer.heading('Sending', about)
  const file = join(folder, 'sending.db')
  const target = await openTarget()
  const { sender, close } = openSender(file)
  const { secret } = await sender.endpoints.create({ name: 'Target', url: target.origin, events: ['lead.*'] })
  target.useSecret(secret)

  const published = await Promise.all(
    Array.from({ length: EVENTS }, (_, number) => sender.publish('lead.created', { number, name: 'Zoë' })),
  )
  const accepted = new Set(published.map(({ eventId }) => eventId))
  const say = (what: string, led: string, expected = true): void => printer.fact({ what, led, expected })
  say(`${EVENTS} events are published`, `${accepted.size} accepted: they are in the file`, accepted.size === EVENTS)

  const first = await startWorker('./sending-worker.ts', [file])
  say('worker 1 starts', `process ${first.pid}`)
  await target.arrivals(KILL_AFTER)
  const { open } = target
  await first.kill()
  const killedAtMs = performance.now()
  say('worker 1 is killed (SIGKILL)', `${target.ids.length} requests had arrived, ${open} of them still open`, open > 0)
  const left = await allDeliveries(sender.deliveries, { status: 'pending' })
  say('what the file says', `${EVENTS - left.length} delivered, ${left.length} to do`, left.length > 0)

  const second = await startWorker('./sending-worker.ts', [file])
  say('worker 2 starts', `process ${second.pid}`)
  await ended(sender.deliveries)
  const tookMs = performance.now() - killedAtMs
  await second.stop()

  const deliveries = await allDeliveries(sender.deliveries, {})
  const begun = new Set(deliveries.filter(({ crashes }) => crashes > 0).map(({ eventId }) => eventId))
  say('worker 2 sends what waited', `${left.length - begun.size}, at once`)
  say(
    'worker 2 takes over',
    `${begun.size} that worker 1 had under way: done ${(tookMs / 1000).toFixed(1)} s after the kill`,
    begun.size > 0,
  )
  printBooks({ words: { accepted: 'accepted', done: 'delivered' }, accepted, done: target.ids, begun }, printer)
  say(
    'each time',
    target.wrong > 0 ? `${target.wrong} forged or changed` : 'a genuine signature, the same body',
    target.wrong === 0,
  )
  await close()
  await target.close()
}
