import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const ROOT = fileURLToPath(new URL('../../../', import.meta.url))
const CHILDREN = fileURLToPath(new URL('../children/', import.meta.url))
const OUTPUT = join(ROOT, 'node_modules', '.cache', `faults-${process.pid}`)

let bundled: Promise<unknown> | undefined

/** The script of a child. All of them are bundled once: processes that are killed all the time must start quickly. */
export async function childScript(name: string): Promise<string> {
  bundled ??= build({
    absWorkingDir: ROOT,
    tsconfig: join(ROOT, 'tsconfig.json'),
    entryPoints: readdirSync(CHILDREN).map(file => join(CHILDREN, file)),
    outdir: OUTPUT,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    platform: 'node',
    format: 'esm',
    packages: 'external',
    sourcemap: 'inline',
    logLevel: 'warning',
  })
  await bundled
  return join(OUTPUT, `${name}.mjs`)
}

process.once('exit', () => rmSync(OUTPUT, { recursive: true, force: true }))
