import { PGlite } from '@electric-sql/pglite'
import { postgresStore } from 'crm-webhooks/storage/postgres'
import { afterAll, describe, expect, it } from 'vitest'
import { storeContract } from '../../src/testing/store-contract.ts'
import { emptied } from './sql-support.ts'

const database = await PGlite.create()
afterAll(() => database.close())

describe('a PostgreSQL store on PGlite', () => {
  storeContract(() => emptied(postgresStore(database), database), { describe, it, expect })
})
