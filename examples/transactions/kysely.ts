// Your rows and the event, both or neither, with Kysely: DATABASE_URL=postgres://… npx tsx examples/transactions/kysely.ts
import { CompiledQuery, Kysely, PostgresDialect, type Transaction } from 'kysely'
import { Pool } from 'pg'
import { about, close, connectionString, type Order, report, sender } from './setup.ts'

interface Tables {
  orders: Order
}

const db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool: new Pool({ connectionString }) }) })

/** Kysely's transaction as the store takes one. */
const inKysely = (trx: Transaction<Tables>) => ({
  query: (text: string, values: unknown[] = []) => trx.executeQuery(CompiledQuery.raw(text, values)),
})

const placeOrder = (order: Order, fails: boolean) =>
  db.transaction().execute(async trx => {
    await trx.insertInto('orders').values(order).execute()
    await sender.publish('order.placed', order, { ...about(order), transaction: inKysely(trx) })
    if (fails) throw new Error('out of stock')
  })

await placeOrder({ id: 1, total: 99 }, false)
await report('committed')
await placeOrder({ id: 2, total: 5 }, true).catch(() => report('rolled back'))

await db.destroy()
await close()

// Prints:
// committed: orders 1; events about order-1
// rolled back: orders 1; events about order-1
