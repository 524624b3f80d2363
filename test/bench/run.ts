export {}

/**
 * `npm run bench`, or `npm run bench -- verify receive` for some of it. Everything that is compared runs in the same
 * process and in the same minutes; read the ratios, not the times.
 */
const BENCHES: Readonly<Record<string, () => Promise<{ run(): unknown }>>> = {
  verify: () => import('./verify.ts'),
  validate: () => import('./validate.ts'),
  receive: () => import('./receive.ts'),
  match: () => import('./match.ts'),
  send: () => import('./send.ts'),
  memory: () => import('./memory.ts'),
  isolation: () => import('./isolation.ts'),
  claim: () => import('./claim.ts'),
  durable: () => import('./durable/bench.ts'),
}

/** Only when it is named: it needs redis-server, and installs the queues that it compares with. */
const ON_REQUEST: ReadonlySet<string> = new Set(['durable'])

const wanted = process.argv.slice(2)
for (const [name, load] of Object.entries(BENCHES)) {
  if (wanted.length > 0 ? !wanted.includes(name) : ON_REQUEST.has(name)) continue
  const bench = await load()
  await bench.run()
}
