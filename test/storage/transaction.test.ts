import { createSender, type Sender, systemClock } from 'crm-webhooks'
import { type PostgresClient, postgresStore } from 'crm-webhooks/storage/postgres'
import { scriptedTransport } from 'crm-webhooks/testing'
import { Pool, type PoolClient } from 'pg'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { endpoint, guard } from '../outbound/support.ts'
import { startPostgres } from '../support/postgres.ts'
import { emptied } from './sql-support.ts'

const server = await startPostgres()
const pool = new Pool({ connectionString: server?.url })
afterAll(async () => {
  await pool.end()
  await server?.stop()
})

/** PostgreSQL's type of nothing, which some libraries cannot read. */
const VOID = 2278

/** A transaction as one has it from a library on top of `pg`: only a text and values go in, only rows come out. */
function adapter(client: PoolClient): PostgresClient {
  return {
    async query(text, values) {
      expect(text).toBeTypeOf('string')
      const { rows, fields } = await client.query(text, values)
      expect(fields.map(({ dataTypeID }) => dataTypeID)).not.toContain(VOID)
      return { rows }
    },
  }
}

const senderOn = (client: Pool): Sender =>
  createSender({ guard, transport: scriptedTransport([], systemClock), store: postgresStore(client) })

describe.skipIf(server === undefined)('publish, inside a transaction of the caller', () => {
  beforeEach(async () => {
    await emptied(postgresStore(pool), pool)
    await pool.query('drop table if exists leads')
    await pool.query('create table leads (id integer)')
  })

  const WAYS = { 'a client of pg': (client: PoolClient) => client, 'a library on top of it': adapter }
  it.each(Object.entries(WAYS))('is committed or undone with it: %s', async (_, wrap) => {
    const sender = senderOn(pool)
    await sender.endpoints.create(endpoint())
    await sender.endpoints.create(endpoint({ ordering: 'subject' }))
    for (const [id, end] of [
      [1, 'rollback'],
      [2, 'commit'],
    ] as const) {
      const client = await pool.connect()
      await client.query('begin')
      await client.query('insert into leads values ($1)', [id])
      const options = { subject: `lead-${id}`, idempotencyKey: `lead-${id}`, transaction: wrap(client) }
      expect(await sender.publish('lead.created', { id }, options)).toMatchObject({ deliveries: 2, duplicate: false })
      expect(await sender.publish('lead.created', { id }, options)).toMatchObject({ deliveries: 0, duplicate: true })
      await client.query(end)
      client.release()
    }
    expect((await pool.query('select id from leads')).rows).toEqual([{ id: 2 }])
    const { items } = await sender.deliveries.list()
    expect(items.map(({ subject }) => subject)).toEqual(['lead-2', 'lead-2'])
    // What was undone can be published again.
    const again = await sender.publish('lead.created', {}, { idempotencyKey: 'lead-1' })
    expect(again).toMatchObject({ deliveries: 2, duplicate: false })
  })

  it('needs no other connection, of which there may be none: all are in transactions', async () => {
    const own = new Pool({ connectionString: server?.url, max: 1 })
    const store = postgresStore(own)
    const clock = { now: () => nowMs, setTimer: () => () => undefined }
    let nowMs = Date.now()
    const sender = createSender({ guard, clock, transport: scriptedTransport([], clock), store })
    await sender.endpoints.create(endpoint())
    await sender.publish('lead.created', {})
    // Long enough ago for another look at the endpoints.
    nowMs += 3_600_000
    const client = await own.connect()
    try {
      await client.query('begin')
      let published = 0
      const publishing = sender.publish('lead.created', {}, { transaction: client }).then(({ deliveries }) => {
        published = deliveries
      })
      // Far more questions than publishing has to ask on the same connection.
      for (let turn = 0; turn < 50 && published === 0; turn++) await client.query('select 1')
      expect(published).toBe(1)
      await publishing
      await client.query('commit')
    } finally {
      client.release()
      await store.close()
      await own.end()
    }
  })
})
