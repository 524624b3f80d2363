import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { sqliteStore } from 'crm-webhooks/storage/sqlite'
import { afterAll, expect, it } from 'vitest'
import { claim, settlement } from '../../src/testing/store-contract/support.ts'

const SCRIPT = fileURLToPath(new URL('./sqlite-writer.ts', import.meta.url))
const PROCESSES = 3
const ROUNDS = 200

const folder = mkdtempSync(join(tmpdir(), 'crm-webhooks-sqlite-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

interface Done {
  readonly stored: readonly string[]
  readonly settled: readonly string[]
}

async function write(file: string): Promise<Done> {
  const args = ['--import', 'tsx', SCRIPT, file, String(ROUNDS)]
  const { stdout } = await promisify(execFile)(process.execPath, args)
  return JSON.parse(stdout) as Done
}

it('a SQLite file is written by several processes at once, none of which starves', { timeout: 120_000 }, async () => {
  const file = join(folder, 'webhooks.db')
  // All of them find no tables, too.
  const done = await Promise.all(Array.from({ length: PROCESSES }, () => write(file)))
  const stored = done.flatMap(one => one.stored)
  expect(stored.length).toBe(PROCESSES * ROUNDS)
  const store = sqliteStore(file)
  const rest = await claim(store, 1)
  await store.deliveries.settle(rest.map(one => settlement(one)))
  const settled = [...done.flatMap(one => one.settled), ...rest.map(({ event }) => event.id)]
  expect(settled.sort()).toEqual(stored.sort())
  expect((await store.deliveries.list({ status: 'pending' })).items).toEqual([])
  await store.close()
})
