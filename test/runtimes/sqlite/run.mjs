// Runs the tests of the SQLite store through the drivers that they do not use by themselves: npm run test:sqlite
// With `-- --build` also through better-sqlite3 12, on this Node: where no binary can be had, that is compiled for a minute.

import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const here = fileURLToPath(new URL('.', import.meta.url))
const root = fileURLToPath(new URL('../../../', import.meta.url))

const npm = (...args) =>
  execFileSync('npm', [...args, '--no-audit', '--no-fund'], { cwd: here, stdio: ['ignore', 'pipe', 'inherit'] })

if (!existsSync(`${here}node_modules/.package-lock.json`)) npm('ci')

const node24 = `${here}node_modules/node/bin/node`
const store = ['test/storage/sqlite.test.ts', 'test/storage/encryption.test.ts', 'test/storage/migrations.test.ts']
// Those that open a file by its path, which is done with node:sqlite where Node has it: here, and in their processes.
const processes = ['test/storage/sqlite-processes.test.ts', 'test/inbound/kill.test.ts']
const runs = [
  { node: node24, driver: './node-sqlite.mjs', files: [...store, ...processes] },
  { node: node24, driver: 'better-sqlite3', files: store },
]

if (process.argv.includes('--build')) {
  npm('install', '--no-save', 'better-sqlite3-12@npm:better-sqlite3@12.11.1')
  runs.push({ node: process.execPath, driver: 'better-sqlite3-12', files: store })
}

for (const { node, driver, files } of runs) {
  const version = execFileSync(node, ['--version'], { encoding: 'utf8' }).trim()
  console.log(`\n${driver} on Node ${version}`)
  const vitest = [`${root}node_modules/vitest/vitest.mjs`, 'run', '--config', `${here}vitest.config.ts`]
  const env = { ...process.env, SQLITE_DRIVER: driver }
  const { status } = spawnSync(node, [...vitest, ...files], { cwd: root, env, stdio: 'inherit' })
  if (status !== 0) process.exitCode = 1
}
