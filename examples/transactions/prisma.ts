// Your rows and the event, both or neither, with Prisma: DATABASE_URL=postgres://… npx tsx examples/transactions/prisma.ts
import { PrismaPg } from '@prisma/adapter-pg'
import { type Prisma, PrismaClient } from './generated/client.ts'
import { about, close, connectionString, type Order, report, sender } from './setup.ts'

const prisma = new PrismaClient({ adapter: new PrismaPg({ connectionString }) })

/** Prisma's transaction as the store takes one. */
const inPrisma = (tx: Prisma.TransactionClient) => ({
  query: async (text: string, values: unknown[] = []) => ({
    rows: await tx.$queryRawUnsafe<unknown[]>(text, ...values),
  }),
})

const placeOrder = (order: Order, fails: boolean) =>
  prisma.$transaction(async tx => {
    await tx.order.create({ data: order })
    await sender.publish('order.placed', order, { ...about(order), transaction: inPrisma(tx) })
    if (fails) throw new Error('out of stock')
  })

await placeOrder({ id: 1, total: 99 }, false)
await report('committed')
await placeOrder({ id: 2, total: 5 }, true).catch(() => report('rolled back'))

await prisma.$disconnect()
await close()

// Prints:
// committed: orders 1; events about order-1
// rolled back: orders 1; events about order-1
