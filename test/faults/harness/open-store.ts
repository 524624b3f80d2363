import type { Clock } from 'crm-webhooks'
import { postgresStore } from 'crm-webhooks/storage/postgres'
import { type SqlStore, sqliteStore } from 'crm-webhooks/storage/sqlite'
import { Pool } from 'pg'

/** Where a store is: all processes of a scenario open the same one. */
export type StorePlace =
  | { readonly kind: 'SQLite'; readonly file: string }
  | { readonly kind: 'PostgreSQL'; readonly url: string }

/** Opens it. What `close` of the answer closes is all of it, the connections included. */
export function openStore(place: StorePlace, clock?: Clock): SqlStore {
  const options = clock === undefined ? {} : { clock }
  if (place.kind === 'SQLite') return sqliteStore(place.file, { ...options, busyTimeoutSeconds: 30 })
  const pool = new Pool({ connectionString: place.url, max: 4 })
  const store = postgresStore(pool, options)
  return {
    ...store,
    async close() {
      await store.close()
      await pool.end()
    },
  }
}
