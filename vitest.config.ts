import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

const src = fileURLToPath(new URL('./src/', import.meta.url))

export default defineConfig({
  resolve: {
    alias: [
      { find: /^crm-webhooks$/, replacement: `${src}index.ts` },
      { find: /^crm-webhooks\/(signatures|credentials|testing|templates|retry)$/, replacement: `${src}$1/index.ts` },
      { find: /^crm-webhooks\/((?:providers|presets|frameworks|storage|transports)\/.+)$/, replacement: `${src}$1.ts` },
    ],
  },
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/runtimes/**', '**/node_modules/**'],
    testTimeout: 20_000,
    // A database server that ends writes everything out first.
    hookTimeout: 60_000,
  },
})
