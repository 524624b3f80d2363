import type { Clock } from '../../clock.ts'
import { WebhookError } from '../../errors.ts'
import type { Logger } from '../../model/logger.ts'
import type { MaybePromise } from '../../model/verification.ts'
import type { Store } from '../../storage/store.ts'
import type { AddressGuard } from '../../transports/address-guard.ts'
import type { Transport } from '../../transports/transport.ts'
import { Life } from './life.ts'
import type { Scheduler } from './scheduler.ts'

/** What a simulated process has of the world: hand it to `createSender` or `createReceiver` as it is. */
export interface SimulatedHost {
  /** Virtual time. */
  readonly clock: Clock
  /** The durable store that all processes share. Each call is a step. */
  readonly store: Store
  /** The network. Each request is a step. */
  readonly transport: Transport
  /** Lets every name through. */
  readonly guard: AddressGuard
  readonly random: () => number
  readonly newId: (prefix: string) => string
  /** Warnings and errors stand in the history. */
  readonly logger: Logger
  /** A step of your own: what a handler writes to a CRM, say. Resolves with what `effect` returns. */
  step<Value>(name: string, effect: () => MaybePromise<Value>): Promise<Value>
}

/** A process that dies and is started again. */
export interface SimulatedProcess<Instance> {
  readonly name: string
  /**
   * Uses what the process made, as soon as it is up. Rejects when the process dies before this has ended: whether it
   * was done is not known then.
   */
  call<Value>(use: (instance: Instance) => MaybePromise<Value>): Promise<Value>
  /** The same again and again until it resolves, as a caller does who must be sure. */
  insist<Value>(use: (instance: Instance) => MaybePromise<Value>): Promise<Value>
  /** It dies now, and is started again within a minute. */
  kill(): void
}

/** What processes are made in. */
export interface ProcessWorld {
  readonly scheduler: Scheduler
  readonly random: () => number
  readonly note: (who: string, line: string) => void
  readonly hostOf: (life: Life) => SimulatedHost
  /** A process cannot be made at all. */
  readonly failed: (error: unknown) => void
}

const RESTART_MS = 60_000
const AGAIN_MS = 5_000
const MAX_TRIES = 1_000

/** A process and the run of it that lives now. */
export class Process<Instance> implements SimulatedProcess<Instance> {
  readonly name: string
  readonly #create: (host: SimulatedHost) => MaybePromise<Instance>
  readonly #world: ProcessWorld
  #lives = 0
  #up: { readonly life: Life; readonly instance: Instance } | undefined
  #life: Life | undefined
  #waiting: Array<() => void> = []

  constructor(name: string, create: (host: SimulatedHost) => MaybePromise<Instance>, world: ProcessWorld) {
    this.name = name
    this.#create = create
    this.#world = world
    void this.#start()
  }

  /** The run that takes calls, and what it made. */
  get up(): { readonly life: Life; readonly instance: Instance } | undefined {
    return this.#up
  }

  call<Value>(use: (instance: Instance) => MaybePromise<Value>): Promise<Value> {
    return new Promise((resolve, reject) => {
      const begin = (): void => {
        if (this.#up === undefined) {
          this.#waiting.push(begin)
          return
        }
        const { life, instance } = this.#up
        const forget = life.onDeath(() =>
          reject(new WebhookError('store_outcome_unknown', `simulated: ${life.name} died`)),
        )
        const run = async (): Promise<void> => {
          try {
            resolve(await use(instance))
          } catch (error) {
            reject(error as Error)
          }
          forget()
        }
        this.#world.scheduler.after(0, () => void run(), life)
      }
      begin()
    })
  }

  async insist<Value>(use: (instance: Instance) => MaybePromise<Value>): Promise<Value> {
    const { scheduler, random } = this.#world
    for (let tries = 1; ; tries++) {
      try {
        return await this.call(use)
      } catch (error) {
        // Anything else is a mistake, and one the next time too.
        if (!isOfStore(error) || tries === MAX_TRIES) throw error
        await new Promise<void>(resolve => scheduler.after(Math.floor(random() * AGAIN_MS), resolve))
      }
    }
  }

  kill(): void {
    if (this.#life === undefined || this.#life.dead) return
    this.#world.note(this.#life.name, 'is killed')
    this.#life.die()
  }

  async #start(): Promise<void> {
    const { hostOf, note } = this.#world
    const life = new Life(this.name, ++this.#lives)
    this.#life = life
    life.onDeath(() => this.#died())
    note(life.name, 'starts')
    try {
      const instance = await this.#create(hostOf(life))
      if (life.dead) return
      this.#up = { life, instance }
      for (const begin of this.#waiting.splice(0)) begin()
    } catch (error) {
      if (life.dead) return
      if (isOfStore(error)) {
        note(life.name, 'ends, since it could not start')
        life.die()
      } else this.#world.failed(error)
    }
  }

  #died(): void {
    const { scheduler, random } = this.#world
    this.#up = undefined
    scheduler.after(Math.floor(random() * RESTART_MS), () => void this.#start())
  }
}

function isOfStore(error: unknown): boolean {
  return error instanceof WebhookError && error.code.startsWith('store_')
}
