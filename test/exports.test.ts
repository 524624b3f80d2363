import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { describe, expect, it } from 'vitest'

const root = fileURLToPath(new URL('../', import.meta.url))
const require = createRequire(import.meta.url)

type Target = { readonly types: string; readonly default: string }
const manifest = JSON.parse(readFileSync(`${root}package.json`, 'utf8')) as {
  readonly exports: Readonly<Record<string, string | { readonly import: Target; readonly require: Target }>>
  readonly dependencies: Readonly<Record<string, string>>
}

/** Every subpath with the files that it names; a star stands for each source file of the folder. */
const subpaths = Object.entries(manifest.exports).flatMap(([subpath, target]) => {
  if (typeof target === 'string') return []
  const targets = [target.import.types, target.import.default, target.require.types, target.require.default]
  if (!subpath.includes('*')) return [{ subpath, files: targets }]
  const names = readdirSync(`${root}src/${subpath.slice(2, -2)}`).filter(file => file.endsWith('.ts'))
  return names.map(file => {
    const name = file.slice(0, -3)
    return { subpath: subpath.replace('*', name), files: targets.map(path => path.replace('*', name)) }
  })
})

const bundle = async (code: string, external: readonly string[] = []): Promise<string> => {
  const result = await build({
    stdin: { contents: code, resolveDir: root, loader: 'js' },
    bundle: true,
    minify: true,
    format: 'esm',
    write: false,
    external: ['node:*', ...external],
    logLevel: 'silent',
  })
  return result.outputFiles[0]?.text ?? ''
}

describe('the built package', () => {
  it('has a file for everything that package.json exports', () => {
    expect(subpaths.length).toBeGreaterThan(50)
    expect(subpaths.flatMap(({ files }) => files).filter(file => !existsSync(root + file))).toEqual([])
  })

  it('exports every file that was built for use', () => {
    const built = readdirSync(`${root}dist`, { recursive: true, encoding: 'utf8' })
      .filter(file => /\.(js|cjs|d\.ts|d\.cts)$/.test(file) && !isSharedChunk(file))
      .map(file => `./dist/${file}`)
    const named = new Set(subpaths.flatMap(({ files }) => files))
    expect(built.filter(file => !named.has(file))).toEqual([])
  })

  it('is one package for both module systems, with shared classes inside each', () => {
    const core = require(`${root}dist/index.cjs`) as { WebhookError: unknown }
    const provider = require(`${root}dist/providers/daktela.cjs`) as { daktela: (options: object) => unknown }
    expect(() => provider.daktela({ secret: '' })).toThrow(core.WebhookError as never)
  })

  it('depends on three packages', () => {
    expect(Object.keys(manifest.dependencies).sort()).toEqual(['@noble/hashes', 'eventemitter3', 'zod'])
  })

  it('brings no zod to an application that only wants signatures', async () => {
    const code = await bundle(`import * as signatures from './dist/signatures/index.js'
      console.log(signatures)`)
    expect(code).not.toMatch(/ZodMini|\$ZodType|zod/i)
  })

  it('verifies Standard Webhooks with at most 12 kB of its own, beside @noble/hashes', async () => {
    const code = `import { standardWebhooks } from './dist/signatures/index.js'
      console.log(standardWebhooks)`
    expect((await bundle(code, ['@noble/hashes/*'])).length).toBeLessThanOrEqual(12_000)
  })

  /** Bytes, minified. 7 kB of the first is @noble/hashes, the fallback where the runtime has no hash. */
  it.each([
    ['standardWebhooks', 'signatures/index', 19_000],
    ['hmacSignature', 'signatures/index', 34_250],
    ['zendesk', 'providers/zendesk', 39_500],
    ['createReceiver', 'index', 75_500],
    ['createSender', 'index', 144_500],
    ['pipedrive', 'providers/pipedrive', 118_000],
    ['nodeHandler', 'frameworks/node-http', 5_550],
  ])('keeps %s within its size', async (name, file, budget) => {
    const code = await bundle(`import { ${name} } from './dist/${file}.js'
      console.log(${name})`)
    expect(code.length).toBeLessThanOrEqual(budget)
  })

  it('leaves nothing behind in an application that imports it and uses nothing', async () => {
    expect((await bundle(`import './dist/index.js'`)).trim()).toBe('')
  })
})

/** Code that several entries share; tsup names it by its content. */
function isSharedChunk(file: string): boolean {
  return !file.includes('/') ? !/^index\./.test(file) : /-[A-Z0-9]{8}\./.test(file)
}
