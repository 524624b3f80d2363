import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inOwnSchema, startPostgres, type TestPostgres } from '../../support/postgres.ts'
import type { StorePlace } from './open-store.ts'

/** The stores that scenarios are run with. */
export const STORES = ['SQLite', 'PostgreSQL'] as const

/** A new and empty store, and a folder for files. */
export interface Place {
  readonly store: StorePlace
  readonly folder: string
}

let server: Promise<TestPostgres | undefined> | undefined

/** Lends a new store; `undefined` is answered where there is no PostgreSQL, which was said then. */
export async function withPlace<Result>(
  kind: StorePlace['kind'],
  use: (place: Place) => Promise<Result>,
): Promise<Result | undefined> {
  const folder = mkdtempSync(join(tmpdir(), 'crm-webhooks-faults-'))
  try {
    if (kind === 'SQLite') return await use({ store: { kind, file: join(folder, 'webhooks.db') }, folder })
    server ??= startPostgres()
    const running = await server
    if (running === undefined) return undefined
    const schema = await inOwnSchema(running.url)
    try {
      return await use({ store: { kind, url: schema.url }, folder })
    } finally {
      await schema.stop()
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Ends the server that all scenarios share. */
export async function stopServer(): Promise<void> {
  const running = await server
  server = undefined
  await running?.stop()
}
