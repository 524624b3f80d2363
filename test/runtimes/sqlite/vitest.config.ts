import { fileURLToPath } from 'node:url'
import { defineConfig, mergeConfig } from 'vitest/config'
import root from '../../../vitest.config.ts'

// The tests of the SQLite store import libsql: another driver is put in its place.
const driver = process.env.SQLITE_DRIVER ?? './node-sqlite.mjs'

export default mergeConfig(
  root,
  defineConfig({ resolve: { alias: [{ find: /^libsql$/, replacement: fileURLToPath(import.meta.resolve(driver)) }] } }),
)
