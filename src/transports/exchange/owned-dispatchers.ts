import type { TransportRequest, TransportTls } from '../transport.ts'
import type { PinnedLookup } from './pinned-lookup.ts'

/** What is used of undici's module. */
export interface UndiciModule {
  readonly Agent: new (options: UndiciAgentOptions) => UndiciAgent
}

interface UndiciAgentOptions {
  readonly keepAliveTimeout: number
  readonly keepAliveMaxTimeout: number
  readonly pipelining: number
  readonly connect: Readonly<Record<string, unknown>>
}

/** What is used of undici's `Agent`. */
export interface UndiciAgent {
  dispatch(options: UndiciDispatchOptions, handler: UndiciHandler): boolean
  close(): Promise<void>
  destroy(error?: Error | null): Promise<void>
}

interface UndiciDispatchOptions {
  readonly origin: string
  readonly path: string
  readonly method: string
  readonly headers: Record<string, string>
  readonly body: Uint8Array | null
  readonly idempotent: boolean
  readonly headersTimeout: number
  readonly bodyTimeout: number
}

interface UndiciController {
  abort(reason: Error): void
}

interface UndiciHandler {
  onRequestStart(controller: UndiciController): void
  onRequestUpgrade(controller: UndiciController, status: number, headers: unknown, socket: { destroy(): unknown }): void
  onResponseStart(
    controller: UndiciController,
    status: number,
    headers: Record<string, string | string[] | undefined>,
  ): void
  onResponseData(controller: UndiciController, chunk: Uint8Array): void
  onResponseEnd(): void
  onResponseError(controller: UndiciController, error: Error): void
}

interface Entry {
  readonly agent: UndiciAgent
  readonly tls: TransportTls | undefined
  inUse: number
  evicted: boolean
}

/** The agent of an owner while a request needs it. */
export interface Lease {
  readonly agent: UndiciAgent
  release(): void
}

interface OwnedDispatchersOptions {
  readonly undici: UndiciModule
  readonly lookup: PinnedLookup
  readonly idleTimeoutMs: number
  readonly maxOwners: number
}

/** How long a connection may take in the background after the request that wanted it has ended, in milliseconds. */
const CONNECT_TIMEOUT_MS = 30_000

/** One agent per owner, so that no connection serves two. */
export class OwnedDispatchers {
  readonly #options: OwnedDispatchersOptions
  /** Least recently used first. */
  readonly #entries = new Map<string, Entry>()
  readonly #open = new Set<Entry>()

  constructor(options: OwnedDispatchersOptions) {
    this.#options = options
  }

  lease({ owner, tls }: TransportRequest): Lease {
    const entry = owner === undefined ? this.#create(tls) : this.#keep(owner, tls)
    if (owner === undefined) entry.evicted = true
    entry.inUse++
    let released = false
    return {
      agent: entry.agent,
      release: () => {
        if (released) return
        released = true
        entry.inUse--
        this.#closeIfUnused(entry)
      },
    }
  }

  async close(): Promise<void> {
    this.#entries.clear()
    await Promise.all([...this.#open].map(entry => entry.agent.destroy()))
    this.#open.clear()
  }

  #keep(owner: string, tls: TransportTls | undefined): Entry {
    const known = this.#entries.get(owner)
    if (known !== undefined && known.tls === tls) {
      this.#entries.delete(owner)
      this.#entries.set(owner, known)
      return known
    }
    if (known !== undefined) this.#evict(owner, known)
    const entry = this.#create(tls)
    this.#entries.set(owner, entry)
    for (const [oldest, old] of this.#entries) {
      if (this.#entries.size <= Math.max(1, this.#options.maxOwners)) break
      this.#evict(oldest, old)
    }
    return entry
  }

  #evict(owner: string, entry: Entry): void {
    this.#entries.delete(owner)
    entry.evicted = true
    this.#closeIfUnused(entry)
  }

  #closeIfUnused(entry: Entry): void {
    if (!entry.evicted || entry.inUse > 0 || !this.#open.delete(entry)) return
    entry.agent.destroy().catch(() => {})
  }

  #create(tls: TransportTls | undefined): Entry {
    const { undici, lookup, idleTimeoutMs } = this.#options
    const agent = new undici.Agent({
      keepAliveTimeout: idleTimeoutMs,
      keepAliveMaxTimeout: idleTimeoutMs,
      pipelining: 1,
      connect: { lookup, rejectUnauthorized: true, minVersion: 'TLSv1.2', timeout: CONNECT_TIMEOUT_MS, ...tls },
    })
    const entry: Entry = { agent, tls, inUse: 0, evicted: false }
    this.#open.add(entry)
    return entry
  }
}
