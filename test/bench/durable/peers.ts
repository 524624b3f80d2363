import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join, resolve } from 'node:path'

/** Where the peers are: a folder with a manifest of its own, so that only those who run this bench install them. */
const FOLDER = resolve('test/bench')

/** A peer's module, as far as it is used. */
export function load<Module>(name: string): Module {
  return createRequire(join(FOLDER, 'package.json'))(name) as Module
}

/** Node.js 24, for the peer that needs it. */
export const NODE_24 = join(FOLDER, 'node_modules/node/bin/node')

/** Installs the peers when they are not there. */
export function installPeers(): void {
  if (existsSync(NODE_24)) return
  console.log(`Installing the queues to compare with into ${FOLDER}/node_modules (npm ci there)`)
  const { status } = spawnSync('npm', ['ci', '--no-audit', '--no-fund'], { cwd: FOLDER, stdio: 'inherit' })
  if (status !== 0) throw new Error(`the peers could not be installed: run npm ci in ${FOLDER}`)
}

/** Parts of a list. */
export function chunks<Item>(items: readonly Item[], size: number): Array<readonly Item[]> {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, i) => items.slice(i * size, (i + 1) * size))
}
