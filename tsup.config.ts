import { defineConfig } from 'tsup'

/** One output per subpath: a new provider, preset, store or framework file is picked up by itself. */
export default defineConfig({
  entry: [
    'src/index.ts',
    'src/signatures/index.ts',
    'src/credentials/index.ts',
    'src/testing/index.ts',
    'src/templates/index.ts',
    'src/retry/index.ts',
    'src/{providers,presets,frameworks,storage,transports}/*.ts',
  ],
  format: ['esm', 'cjs'],
  // tsup sets `baseUrl` for its own type build, which TypeScript 6 deprecates.
  dts: { compilerOptions: { ignoreDeprecations: '6.0' } },
  // Without it every CommonJS entry gets its own copy of every class, and `instanceof` fails between them.
  splitting: true,
  clean: true,
  target: 'node20',
  platform: 'neutral',
  // @noble/hashes is ESM only: inlined, plain Jest can `require` the CommonJS build. The other one shares the application's.
  noExternal: [/^@noble\//],
  esbuildPlugins: [
    {
      name: 'noble-apart',
      setup({ initialOptions, onResolve }) {
        // With shared chunks, tsup writes CommonJS by way of ESM: the extension tells them apart.
        if (initialOptions.outExtension?.['.js'] === '.cjs') return
        onResolve({ filter: /^@noble\// }, ({ path }) => ({ path, external: true }))
      },
    },
  ],
  external: [/^node:/],
})
