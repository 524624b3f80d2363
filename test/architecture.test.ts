import { readdirSync, readFileSync } from 'node:fs'
import { dirname, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const src = fileURLToPath(new URL('../src/', import.meta.url))

/** Bottom to top; a file imports only from its own folder and from lower layers. */
const LAYERS: ReadonlyArray<readonly string[]> = [
  ['model', 'bytes', 'errors.ts', 'clock.ts', 'ids.ts'],
  ['signatures', 'credentials', 'retry', 'storage', 'transports', 'templates', 'emitter.ts'],
  ['queue', 'providers', 'presets'],
  ['inbound', 'outbound', 'registration'],
  ['management', 'frameworks', 'testing'],
  ['index.ts', 'cli'],
]

/** Third parties have one door each. */
const DOORS: ReadonlyArray<{ readonly module: RegExp; readonly places: RegExp }> = [
  { module: /^@noble\/hashes/, places: /^(bytes|signatures)\// },
  { module: /^eventemitter3$/, places: /^emitter\.ts$/ },
  { module: /^zod\/mini$/, places: /^(providers|presets|management|outbound)\// },
  { module: /^node:/, places: /^(transports\/node\.ts|frameworks\/node-http\.ts|storage\/sqlite\.ts|cli\/)/ },
]

const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter(file => file.endsWith('.ts'))

interface Import {
  readonly file: string
  readonly module: string
  readonly statement: string
}

const imports: readonly Import[] = files.flatMap(file => {
  const code = readFileSync(src + file, 'utf8').replace(/\/\*[\s\S]*?\*\//g, '')
  return [...code.matchAll(/^(?:import|export)\b[^'"]*?from\s+'([^']+)'|\bimport\(\s*['"`]([^'"`]+)['"`]/gm)].map(
    ([statement, from, dynamic]) => ({ file, module: from ?? dynamic ?? '', statement }),
  )
})

const top = (file: string): string => file.split('/')[0] ?? file
const layerOf = (file: string): number => LAYERS.findIndex(layer => layer.includes(top(file)))

describe('the source', () => {
  it('is found', () => {
    expect(files.length).toBeGreaterThan(30)
    expect(imports.length).toBeGreaterThan(60)
  })

  it('has every file in a layer', () => {
    expect(files.filter(file => layerOf(file) === -1)).toEqual([])
  })

  it('imports only from its own folder and from lower layers', () => {
    const upward = imports.filter(({ file, module }) => {
      if (!module.startsWith('.')) return false
      const target = relative(src, resolve(dirname(src + file), module))
      return (
        top(target) !== top(file) && layerOf(target) >= layerOf(file) && !(isLayerZero(file) && isLayerZero(target))
      )
    })
    expect(upward).toEqual([])
  })

  it('gives third parties one door each', () => {
    const astray = imports.filter(({ file, module }) => {
      if (module.startsWith('.')) return false
      const door = DOORS.find(({ module: name }) => name.test(module))
      return door === undefined || !door.places.test(file)
    })
    expect(astray).toEqual([])
  })

  it('imports zod so that bundles stay small', () => {
    const wrong = imports.filter(
      ({ module, statement }) => module.startsWith('zod') && !/(import|type) \* as z /.test(statement),
    )
    expect(wrong).toEqual([])
  })

  it('keeps files short', () => {
    const long = files.filter(file => readFileSync(src + file, 'utf8').split('\n').length > 300)
    expect(long).toEqual([])
  })

  it('asks what must be waited for as `await` does', () => {
    const narrow = files.filter(file => /\binstanceof Promise\b/.test(codeOf(file)))
    expect(narrow).toEqual([])
  })

  it('takes time and randomness only from clock.ts and ids.ts, and writes nothing to the console', () => {
    const ambient = files.filter(file => {
      if (/^(clock|ids)\.ts$|^cli\//.test(file)) return false
      return /\bDate\.now\(|\bMath\.random\(|\bnew Date\(\)|\bconsole\.(log|warn|error|info)\(|\bsetTimeout\(/.test(
        codeOf(file),
      )
    })
    expect(ambient).toEqual([])
  })
})

/** Without comments. */
function codeOf(file: string): string {
  return readFileSync(src + file, 'utf8')
    .replace(/\/\*[\s\S]*?\*\//g, '')
    .replace(/\/\/.*$/gm, '')
}

/** The files of the lowest layer may know each other. */
function isLayerZero(file: string): boolean {
  return layerOf(file) === 0
}
