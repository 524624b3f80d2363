import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Preset } from '../../../src/presets/preset.ts'

const FOLDER = fileURLToPath(new URL('../../../src/presets/', import.meta.url))

/** A preset file: it exports a factory with the file's name in camel case. */
export interface PresetFile {
  readonly name: string
  readonly create: (options?: object) => Preset
}

/** Every file of src/presets that defines a preset, found by itself, so that none can be forgotten. */
export async function findPresets(): Promise<readonly PresetFile[]> {
  const names = readdirSync(FOLDER)
    .filter(file => file.endsWith('.ts') && file !== 'preset.ts')
    .filter(file => readFileSync(FOLDER + file, 'utf8').includes('definePreset'))
    .map(file => file.slice(0, -3))
  return Promise.all(
    names.map(async name => {
      const exports = (await import(`../../../src/presets/${name}.ts`)) as Readonly<Record<string, unknown>>
      const camel = name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase())
      const create = exports[camel]
      if (typeof create !== 'function') throw new Error(`src/presets/${name}.ts does not export ${camel}`)
      return { name, create: create as PresetFile['create'] }
    }),
  )
}

/** The settings as the preset takes them, or a failed test. */
export function settingsOf<Settings>(preset: Preset<Settings>, input: unknown): Settings {
  const result = preset.settings(input)
  if (!result.ok) throw new Error(`${preset.name}: ${result.message}`)
  return result.value
}
