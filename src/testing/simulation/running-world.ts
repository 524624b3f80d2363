import type { Clock } from '../../clock.ts'
import type { WebhookRequest, WebhookResponse } from '../../model/http.ts'
import type { Logger } from '../../model/logger.ts'
import type { MaybePromise } from '../../model/verification.ts'
import type { Store } from '../../storage/store.ts'
import { createAddressGuard } from '../../transports/address-guard.ts'
import type { TransportResult } from '../../transports/transport.ts'
import type { CrashPoint, SimulatedFaults } from './faults.ts'
import { createLedger, type OpenLedger } from './ledger.ts'
import type { Life } from './life.ts'
import { Network, toTransportRequest } from './network.ts'
import { Process, type SimulatedHost } from './process.ts'
import { Scheduler } from './scheduler.ts'
import { seeded } from './seeded.ts'
import { type Incident, Steps } from './steps.ts'
import { storeOf } from './store.ts'
import type { Arrival, EndpointScript, SimulatedEndpoint } from './targets.ts'
import type { SimulatedWorld } from './world.ts'

const START_MS = Date.UTC(2025, 0, 1)
const TIMEOUT_MS = 30_000
const AGAIN_MS = 30_000
const MAX_TRIES = 1_000
const SETTLE_MS = 30 * 86_400_000
/** A public address: every name leads there. */
const LOOKUP = async (): Promise<readonly string[]> => ['93.184.216.34']

/** What a world is made of. */
export interface WorldOptions {
  readonly seed: number
  readonly faults: SimulatedFaults
  readonly crashPoints: readonly CrashPoint[]
  readonly createStore: (clock: Clock) => Store
}

/** The world of one simulation, with what runs it. */
export class RunningWorld implements SimulatedWorld {
  readonly seed: number
  readonly clock: Clock
  readonly random: () => number
  readonly store: Store
  readonly ledger: OpenLedger
  readonly history: string[] = []
  readonly scheduler: Scheduler
  readonly steps: Steps
  /** Real work under way: the world stands still. */
  readonly held = new Set<Promise<unknown>>()
  /** Why the world cannot go on. */
  failure: { readonly error: unknown } | undefined
  readonly #network: Network
  readonly #processes: Array<Pick<Process<unknown>, 'up'>> = []
  #ids = 0

  constructor({ seed, faults, crashPoints, createStore }: WorldOptions) {
    this.seed = seed
    this.random = seeded(seed)
    const { random } = this
    this.scheduler = new Scheduler(random, START_MS)
    this.clock = this.scheduler.clockOf({ dead: false, pausedUntilMs: 0 })
    this.store = createStore(this.clock)
    this.ledger = createLedger(line => this.note('ledger', line))
    const note = (who: string, line: string): void => this.note(who, line)
    this.steps = new Steps({ scheduler: this.scheduler, random, note, chances: faults, crashPoints })
    this.#network = new Network(this.scheduler, this.steps, note)
  }

  get incidents(): readonly Incident[] {
    return this.steps.incidents
  }

  note(who: string, line: string): void {
    const ms = String(this.scheduler.nowMs - this.scheduler.startMs)
    this.history.push(`${ms.padStart(9)} ms  ${who}: ${line}`)
  }

  spawn<Instance>(name: string, create: (host: SimulatedHost) => MaybePromise<Instance>): Process<Instance> {
    const process = new Process(name, create, {
      scheduler: this.scheduler,
      random: this.random,
      note: (who, line) => this.note(who, line),
      hostOf: life => this.#hostOf(life),
      failed: error => {
        this.failure ??= { error }
      },
    })
    this.#processes.push(process)
    return process
  }

  endpoint(url: string, script: EndpointScript = [200], accepted = (_: Arrival): void => {}): SimulatedEndpoint {
    return this.#network.endpoint(url, script, accepted)
  }

  serve<Instance>(
    url: string,
    process: Process<Instance>,
    receive: (instance: Instance, request: WebhookRequest) => MaybePromise<WebhookResponse>,
  ): void {
    this.#network.serve(url, process, receive)
  }

  send(request: WebhookRequest, { timeoutMs = TIMEOUT_MS } = {}): Promise<TransportResult> {
    return this.#network.send(toTransportRequest(request, timeoutMs))
  }

  async insist(make: () => MaybePromise<WebhookRequest>): Promise<TransportResult> {
    for (let tries = 1; ; tries++) {
      const result = await this.send(await make())
      if ((result.ok && result.status >= 200 && result.status < 300) || tries === MAX_TRIES) return result
      await this.sleep(Math.floor(this.random() * AGAIN_MS))
    }
  }

  sleep(milliseconds: number): Promise<void> {
    return new Promise(resolve => this.scheduler.after(milliseconds, resolve))
  }

  async calmly<Value>(work: () => MaybePromise<Value>): Promise<Value> {
    this.steps.calm++
    try {
      // What began before may still go wrong.
      while (this.#underWay > 0) await this.sleep(1)
      return await work()
    } finally {
      this.steps.calm--
    }
  }

  async outside<Value>(work: () => Promise<Value>): Promise<Value> {
    const real = work()
    this.held.add(real)
    try {
      return await real
    } finally {
      this.held.delete(real)
    }
  }

  async settle(): Promise<void> {
    this.steps.stormy = false
    const untilMs = this.scheduler.nowMs + SETTLE_MS
    for (let stepMs = 1_000; this.scheduler.nowMs < untilMs; stepMs = Math.min(600_000, 2 * stepMs)) {
      await this.sleep(stepMs)
      if (!(await this.#isBusy())) return
    }
  }

  get #underWay(): number {
    return this.#network.open + this.steps.open
  }

  async #isBusy(): Promise<boolean> {
    if (this.#underWay > 0) return true
    if (this.#processes.some(({ up }) => up === undefined || up.life.pausedUntilMs > this.scheduler.nowMs)) return true
    const { items } = await this.store.deliveries.list({ status: 'pending', limit: 1 })
    return items.length > 0
  }

  #hostOf(life: Life): SimulatedHost {
    life.onDeath(() => this.steps.incident('kill', life.name))
    const log = (message: string, fields: Readonly<Record<string, unknown>> = {}): void => {
      const { error } = fields
      this.note(life.name, `logs: ${message}${error instanceof Error ? `: ${error.message}` : ''}`)
    }
    const logger: Logger = { debug() {}, info() {}, warn: log, error: log }
    const host: SimulatedHost = {
      clock: this.scheduler.clockOf(life),
      store: storeOf(life, this.store, this.steps),
      transport: { send: request => this.#network.send(request, life) },
      guard: createAddressGuard({ lookup: LOOKUP }),
      random: this.random,
      newId: prefix => `${prefix}_${this.#ids++}`,
      logger,
      step: (name, effect) => this.steps.perform(life, name, [], effect),
    }
    // What is no option is not counted among them: the host is handed over as it is.
    return Object.defineProperty(host, 'step', { enumerable: false })
  }
}
