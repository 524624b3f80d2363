// Your rows and the event, both or neither, with Drizzle: DATABASE_URL=postgres://… npx tsx examples/transactions/drizzle.ts
import { sql } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/node-postgres'
import { integer, pgTable } from 'drizzle-orm/pg-core'
import { about, close, connectionString, type Order, report, sender } from './setup.ts'

const orders = pgTable('orders', { id: integer().primaryKey(), total: integer().notNull() })

const db = drizzle(connectionString)
type Tx = Parameters<Parameters<typeof db.transaction>[0]>[0]

/** Drizzle's transaction as the store takes one: the text with its values in place of $1, $2 and so on. */
const inDrizzle = (tx: Tx) => ({
  query: (text: string, values: unknown[] = []) =>
    tx.execute(
      sql.join(
        text.split(/\$(\d+)/).map((part, i) => (i % 2 === 0 ? sql.raw(part) : sql.param(values[Number(part) - 1]))),
      ),
    ),
})

const placeOrder = (order: Order, fails: boolean) =>
  db.transaction(async tx => {
    await tx.insert(orders).values(order)
    await sender.publish('order.placed', order, { ...about(order), transaction: inDrizzle(tx) })
    if (fails) throw new Error('out of stock')
  })

await placeOrder({ id: 1, total: 99 }, false)
await report('committed')
await placeOrder({ id: 2, total: 5 }, true).catch(() => report('rolled back'))

await db.$client.end()
await close()

// Prints:
// committed: orders 1; events about order-1
// rolled back: orders 1; events about order-1
