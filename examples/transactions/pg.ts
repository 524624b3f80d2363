// Your rows and the event, both or neither, with pg: DATABASE_URL=postgres://… npx tsx examples/transactions/pg.ts
import { Pool } from 'pg'
import { about, close, connectionString, type Order, report, sender } from './setup.ts'

const pool = new Pool({ connectionString })

async function placeOrder(order: Order, fails: boolean): Promise<void> {
  const client = await pool.connect()
  try {
    await client.query('begin')
    await client.query('insert into orders (id, total) values ($1, $2)', [order.id, order.total])
    await sender.publish('order.placed', order, { ...about(order), transaction: client })
    if (fails) throw new Error('out of stock')
    await client.query('commit')
  } catch (error) {
    await client.query('rollback')
    throw error
  } finally {
    client.release()
  }
}

await placeOrder({ id: 1, total: 99 }, false)
await report('committed')
await placeOrder({ id: 2, total: 5 }, true).catch(() => report('rolled back'))

await pool.end()
await close()

// Prints:
// committed: orders 1; events about order-1
// rolled back: orders 1; events about order-1
