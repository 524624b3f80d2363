import type { SqlStore } from 'crm-webhooks/storage/postgres'

const TABLES = ['endpoints', 'lanes', 'events', 'idempotency_keys', 'deliveries', 'attempts', 'dedupe']

/** A store whose tables are there and empty: quicker than to make them anew. */
export async function emptied(
  store: SqlStore,
  client: { query(text: string): Promise<unknown> },
  prefix = 'webhook_',
): Promise<SqlStore> {
  await store.start()
  await client.query(`truncate ${TABLES.map(name => prefix + name).join(', ')} restart identity`)
  return store
}

/** What SQLite is asked for the plan of a statement. Not every driver does without values for the parameters. */
export function explain(sql: string): string {
  return `explain query plan ${sql.replaceAll('?', '1')}`
}
