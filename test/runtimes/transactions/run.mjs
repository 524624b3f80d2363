// Runs examples/transactions on a real PostgreSQL, through each of the libraries: npm run test:transactions

import assert from 'node:assert/strict'
import { execFile, execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { Client } from 'pg'
import { startPostgres } from '../../support/postgres.ts'

const root = fileURLToPath(new URL('../../../', import.meta.url))
const folder = `${root}examples/transactions/`
const examples = ['pg', 'kysely', 'drizzle', 'prisma']

function install() {
  const run = (command, args, env = {}) =>
    execFileSync(command, args, { cwd: folder, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'inherit'] })
  if (!existsSync(`${folder}node_modules/.package-lock.json`))
    run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'])
  // Prisma would download a program that only its migrations need.
  run('npx', ['prisma', 'generate'], { PRISMA_SCHEMA_ENGINE_BINARY: process.execPath })
  execFileSync(process.execPath, [`${root}node_modules/typescript/bin/tsc`, '-p', folder], { stdio: 'inherit' })
}

/** The lines that an example says it prints, in a comment at its end. */
function promised(name) {
  const [, lines] = readFileSync(`${folder}${name}.ts`, 'utf8').split('\n// Prints:\n')
  return lines.replaceAll(/^\/\/ /gm, '')
}

async function runExample(name, server) {
  const url = new URL(server)
  const client = new Client({ connectionString: server })
  await client.connect()
  await client.query(`create database example_${name}`)
  await client.end()
  url.pathname = `/example_${name}`
  const env = { ...process.env, DATABASE_URL: url.href }
  const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', `${folder}${name}.ts`], {
    cwd: root,
    env,
  })
  assert.equal(stdout, promised(name))
}

install()
// A server of our own: each example has a database to itself.
delete process.env.DATABASE_URL
process.env.CI ??= 'true'
const server = await startPostgres()
let failures = 0
try {
  for (const name of examples) {
    try {
      await runExample(name, server.url)
      console.log(`ok      examples/transactions/${name}.ts`)
    } catch (error) {
      failures += 1
      console.error(`FAILED  examples/transactions/${name}.ts\n`, error)
    }
  }
} finally {
  await server.stop()
}
process.exitCode = failures === 0 ? 0 : 1
