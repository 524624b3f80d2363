import { createAddressGuard, createSender } from 'crm-webhooks'
import { postgresStore } from 'crm-webhooks/storage/postgres'
import { nodeTransport } from 'crm-webhooks/transports/node'
import { Pool } from 'pg'

/** What every example here has: a database, and a sender with one endpoint. */
export const connectionString = process.env.DATABASE_URL ?? 'postgres://localhost/postgres'

// Connections of its own: those of the application may all be in transactions.
const pool = new Pool({ connectionString })
const store = postgresStore(pool)
// In an application: createAddressGuard({ lookup: nodeLookup() })
const guard = createAddressGuard({ lookup: async () => ['93.184.216.34'] })
export const sender = createSender({ store, guard, transport: nodeTransport({ guard }) })

await pool.query('create table orders (id integer primary key, total integer not null)')
await sender.endpoints.create({
  name: 'Warehouse',
  url: 'https://warehouse.example.com/',
  events: ['order.*'],
  ordering: 'subject',
})

export interface Order {
  readonly id: number
  readonly total: number
}

/** What an event about an order is published with. */
export const about = ({ id }: Order) => ({ subject: `order-${id}`, idempotencyKey: `order-${id}-placed` })

/** Says what is in the database. */
export async function report(when: string): Promise<void> {
  const { rows } = await pool.query<{ id: number }>('select id from orders')
  const { items } = await sender.deliveries.list()
  console.log(
    `${when}: orders ${rows.map(({ id }) => id).join()}; events about ${items.map(one => one.subject).join()}`,
  )
}

export async function close(): Promise<void> {
  await store.close()
  await pool.end()
}
