import { postgresStore } from 'crm-webhooks/storage/postgres'
import { Pool } from 'pg'
import { atMost, exactly, told } from '../harness/figures.ts'
import { withPlace } from '../harness/places.ts'
import { pause, until } from '../harness/rig.ts'
import type { Figure, Scale, Scenario } from '../scenario.ts'
import { NETWORK_FAULTS, type NetworkFault, startProxy, type TcpProxy } from '../store/proxy.ts'
import { subscribe, type Traffic, trafficFigures, withTraffic } from '../store/traffic.ts'

const ROUNDS = { short: 1, full: 12 }
const FAULT_MS = { short: 300, full: 1_000 }
const STALL_MS = { short: 1_500, full: 10_000 }
/** The machine may be busy with other tests. */
const RESUME_SECONDS = { short: 15, full: 5 }
const POOL_SIZE = 4
const LIMITS = { timeoutSeconds: 2 }

export const scenarios: readonly Scenario[] = [
  {
    name: 'F5 · PostgreSQL',
    title: `the network fails: ${NETWORK_FAULTS.join(', ')}`,
    run: async scale => (await withPlace('PostgreSQL', place => run(urlOf(place.store), scale))) ?? [],
  },
]

function urlOf(store: { readonly kind: string; readonly url?: string }): string {
  return store.url ?? ''
}

async function run(url: string, scale: Scale): Promise<readonly Figure[]> {
  const proxy = await startProxy(new URL(url))
  const through = new URL(url)
  through.host = `127.0.0.1:${proxy.port}`
  const pools = [1, 2].map(
    () => new Pool({ connectionString: through.href, max: POOL_SIZE, connectionTimeoutMillis: 1_500 }),
  ) as [Pool, Pool]
  const [publishing, delivering] = pools.map(pool => postgresStore(pool, LIMITS)) as [
    ReturnType<typeof postgresStore>,
    ReturnType<typeof postgresStore>,
  ]
  try {
    const { result, unhandled } = await withTraffic({ publishing, delivering }, async traffic => {
      await subscribe(traffic)
      const slowest = await failAll(proxy, traffic, scale)
      await traffic.rest()
      const lost = await traffic.lost(60_000)
      return { slowest, lost, traffic, usable: await usable(pools) }
    })
    const { slowest, lost, traffic, usable: left } = result
    const codes = [...traffic.rejections].map(([code, count]) => `${code} ${count}`).join(', ')
    return [
      told('run', `${NETWORK_FAULTS.length * ROUNDS[scale]} faults, ${traffic.accepted.size} accepted, ${codes}`),
      ...trafficFigures(traffic, lost, unhandled),
      ...slowest.map(([fault, ms]) => atMost(`resumed after '${fault}'`, ms / 1000, RESUME_SECONDS[scale], ' s')),
      // One connection listens.
      exactly('connections that can be used at once', left, 2 * POOL_SIZE - 1),
    ]
  } finally {
    await publishing.close()
    await delivering.close()
    await proxy.close()
    await Promise.all(pools.map(pool => pool.end()))
  }
}

/** The longest time until deliveries went on, for each kind of fault. */
async function failAll(
  proxy: TcpProxy,
  traffic: Traffic,
  scale: Scale,
): Promise<ReadonlyArray<[NetworkFault, number]>> {
  const slowest = new Map<NetworkFault, number>()
  for (let round = 0; round < ROUNDS[scale]; round++) {
    for (const fault of NETWORK_FAULTS) {
      await traffic.resumed(30_000)
      await proxy.fail(fault)
      await pause(fault === 'stall' ? STALL_MS[scale] : FAULT_MS[scale])
      await proxy.heal()
      slowest.set(fault, Math.max(slowest.get(fault) ?? 0, await traffic.resumed(30_000)))
    }
  }
  return [...slowest]
}

/** How many connections the pools can lend at once: none of them may be held by something that failed. */
async function usable(pools: readonly Pool[]): Promise<number> {
  let most = 0
  await until(async () => {
    let now = 0
    const count = async (pool: Pool): Promise<void> => {
      const client = await pool.connect()
      await client.query('select pg_sleep(0.2)')
      now++
      client.release()
    }
    await Promise.allSettled(pools.flatMap((pool, i) => Array.from({ length: POOL_SIZE - i }, () => count(pool))))
    most = Math.max(most, now)
    return most === 2 * POOL_SIZE - 1
  }, 10_000)
  return most
}
