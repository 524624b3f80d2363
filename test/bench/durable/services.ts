import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '../../support/free-port.ts'
import { startPostgres } from '../../support/postgres.ts'
import { startSink } from '../start-sink.ts'

/** Databases and a sink, for as long as a bench runs. */
export interface Services {
  readonly postgresUrl: string
  readonly redisPort: number
  readonly sinkPort: number
  /** A folder for files. */
  readonly folder: string
  stop(): Promise<void>
}

/** Starts them. Throws and says what to install when something is missing. */
export async function startServices(): Promise<Services> {
  if (spawnSync('redis-server', ['--version']).status !== 0) {
    throw new Error('redis-server is missing, which BullMQ needs: install it (apt-get install redis-server)')
  }
  const postgres = await startPostgres()
  if (postgres === undefined) throw new Error('no PostgreSQL server: set DATABASE_URL, or see what is written above')
  const folder = mkdtempSync(join(tmpdir(), 'crm-webhooks-bench-'))
  const redisPort = await freePort()
  const flags = ['--port', String(redisPort), '--bind', '127.0.0.1', '--dir', folder, '--save', '']
  const redis = spawn('redis-server', [...flags, '--appendonly', 'yes', '--appendfsync', 'everysec'], {
    stdio: 'ignore',
  })
  const sink = await startSink('fast-sink')
  await listens(redisPort)
  return {
    postgresUrl: postgres.url,
    redisPort,
    sinkPort: sink.port,
    folder,
    async stop() {
      sink.stop()
      redis.kill()
      await new Promise(resolve => redis.once('exit', resolve))
      await postgres.stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

async function listens(port: number): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    const open = await new Promise<boolean>(resolve => {
      const socket = connect(port, '127.0.0.1')
      socket.once('connect', () => resolve(socket.end() !== undefined))
      socket.once('error', () => resolve(false))
    })
    if (open) return
    await new Promise(resolve => setTimeout(resolve, 50))
  }
  throw new Error(`nothing listens on port ${port}`)
}
