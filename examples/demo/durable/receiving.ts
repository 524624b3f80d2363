import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { sqliteStore } from 'crm-webhooks/storage/sqlite'
import type { Printer } from '../print.ts'
import { HANDLER_MS, sendBooking } from './bookings.ts'
import { printBooks } from './books.ts'
import { allDeliveries, ended } from './deliveries.ts'
import { startWorker } from './worker.ts'

const BOOKINGS = 300
const AT_ONCE = 10
const KILL_AFTER = 150
/** In place of waiting for the minute after which a dead process's work is taken over. */
const AHEAD_MS = 60_000

/** Sends bookings to a receiver that acknowledges on receipt, and dies. */
export async function playKilledReceiver(folder: string, printer: Printer): Promise<void> {
  printer.heading('Receiving', `acknowledged on receipt; the CRM takes ${HANDLER_MS} ms for a booking`)
  const [file, crm] = [join(folder, 'receiving.db'), join(folder, 'crm')]
  writeFileSync(crm, '')
  const handled = (): readonly string[] => readFileSync(crm, 'utf8').split('\n').slice(0, -1)
  const say = (what: string, led: string, expected = true): void => printer.fact({ what, led, expected })

  const first = await startWorker('./receiving-worker.ts', [file, crm, '0'])
  say('receiver 1 starts', `process ${first.pid}`)
  const accepted = new Set<string>()
  const open = Array.from({ length: BOOKINGS }, (_, i) => `booking-${i + 1}`)
  let killing: Promise<void> | undefined
  const unanswered = await sendAll(String(first.ready), open, accepted, () => {
    if (accepted.size >= KILL_AFTER) killing ??= first.kill()
    return killing !== undefined
  })
  await killing
  const [acknowledged, inCrm] = [accepted.size, handled().length]
  say(
    'receiver 1 is killed (SIGKILL)',
    `${acknowledged} were acknowledged, ${inCrm} are in the CRM`,
    inCrm < acknowledged,
  )

  const second = await startWorker('./receiving-worker.ts', [file, crm, String(AHEAD_MS)])
  say('receiver 2 starts', `process ${second.pid}`)
  say('a minute passes', 'its clock is set: by then a dead process has lost its work')
  const again = unanswered.length
  await sendAll(String(second.ready), [...unanswered, ...open], accepted, () => false)
  say('the sender goes on', `with ${again} that got no answer, then with the other ${BOOKINGS - acknowledged - again}`)
  const store = sqliteStore(file)
  await ended(store.deliveries)
  await second.stop()

  const deliveries = await allDeliveries(store.deliveries, {})
  const begun = new Set(deliveries.filter(({ crashes }) => crashes > 0).map(({ subject }) => String(subject)))
  say('receiver 2 has handled the rest', `of it, receiver 1 had ${begun.size} under way`, accepted.size === BOOKINGS)
  printBooks({ words: { accepted: 'acknowledged', done: 'handled' }, accepted, done: handled(), begun }, printer)
  await store.close()
}

/** Takes from the list and sends, several at a time, until it is empty or enough. Answers what got no answer. */
async function sendAll(
  origin: string,
  open: string[],
  accepted: Set<string>,
  isEnough: () => boolean,
): Promise<readonly string[]> {
  const unanswered: string[] = []
  const send = async (): Promise<void> => {
    for (let uid = open.shift(); uid !== undefined; uid = isEnough() ? undefined : open.shift()) {
      const status = await sendBooking(origin, uid)
      if (status === 202 || status === 200) accepted.add(uid)
      else unanswered.push(uid)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, send))
  return unanswered
}
