import { readdirSync } from 'node:fs'
import type { Scenario } from './scenario.ts'

const FOLDER = new URL('./scenarios/', import.meta.url)

/** All scenarios of all files in `scenarios/`, in the order of their names. */
export async function findScenarios(): Promise<readonly Scenario[]> {
  const files = readdirSync(FOLDER).filter(file => file.endsWith('.ts'))
  const lists = await Promise.all(
    files.map(async file => {
      const { scenarios } = (await import(new URL(file, FOLDER).href)) as { readonly scenarios: readonly Scenario[] }
      return scenarios
    }),
  )
  return lists.flat().sort((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true }))
}
