import { sqliteStore } from 'crm-webhooks/storage/sqlite'
import { claim, newEvent, settlement } from '../../src/testing/store-contract/support.ts'

/** A process that writes to a file as often as it can, to which others write as well: it tells what it has done. */
const [file = '', rounds = '0'] = process.argv.slice(2)
const store = sqliteStore(file)
const stored: string[] = []
const settled: string[] = []
for (let round = 0; round < Number(rounds); round++) {
  const event = newEvent()
  await store.deliveries.enqueue([event])
  stored.push(event.event.id)
  const claimed = await claim(store, 1, { limit: 2 })
  await store.deliveries.settle(claimed.map(one => settlement(one)))
  settled.push(...claimed.map(one => one.event.id))
}
await store.close()
process.stdout.write(JSON.stringify({ stored, settled }))
