import { postgresStore } from 'crm-webhooks/storage/postgres'
import { Pool } from 'pg'
import { afterAll, describe, expect, it } from 'vitest'
import { storeContract } from '../../src/testing/store-contract.ts'
import { startPostgres } from '../support/postgres.ts'
import { emptied } from './sql-support.ts'

const server = await startPostgres()
const pool = new Pool({ connectionString: server?.url, max: 8 })

afterAll(async () => {
  await pool.end()
  await server?.stop()
})

describe.skipIf(server === undefined)('a PostgreSQL store', () => {
  storeContract(() => emptied(postgresStore(pool), pool), { describe, it, expect })
})
