import { sqliteStore } from 'crm-webhooks/storage/sqlite'
import Database from 'libsql'
import { describe, expect, it } from 'vitest'
import { storeContract } from '../../src/testing/store-contract.ts'

describe('a SQLite store', () => {
  storeContract(() => sqliteStore(new Database(':memory:')), { describe, it, expect })
})

describe('a SQLite store that encrypts', () => {
  const keys = ['0'.repeat(64)]
  storeContract(() => sqliteStore(new Database(':memory:'), { encryption: { keys } }), { describe, it, expect })
})
