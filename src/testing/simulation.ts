import type { Clock } from '../clock.ts'
import { checkOptions } from '../model/known-fields.ts'
import { memoryStore } from '../storage/memory.ts'
import type { Store } from '../storage/store.ts'
import { checkFaults, parseCrashPoint, type SimulatedFaults } from './simulation/faults.ts'
import type { LedgerReport } from './simulation/ledger.ts'
import { RunningWorld } from './simulation/running-world.ts'
import { turn } from './simulation/scheduler.ts'
import type { Incident } from './simulation/steps.ts'
import type { SimulatedWorld } from './simulation/world.ts'

/** Options of {@link simulate}. */
export interface SimulationOptions {
  /** Whatever happens by chance follows from it: the same seed, the same history. Default 1. */
  readonly seed?: number
  /** What may go wrong at any step. Default: nothing. */
  readonly faults?: SimulatedFaults
  /**
   * Where a process dies: `<call>:before` or `<call>:after`, with its process and its count where several would fit:
   * `deliveries.settle:after`, `sender/network.send#2:before`. Every one must be reached.
   */
  readonly crashAt?: string | readonly string[]
  /** The store that survives. Default: `memoryStore({ clock })`. */
  readonly store?: (clock: Clock) => Store
  /** So many events are run before a simulation is taken for one that does not end. Default 1,000,000. */
  readonly maxEvents?: number
}

/** What happened in a simulation. */
export interface SimulationReport<Result = unknown> {
  readonly seed: number
  /** What the scenario returned. */
  readonly result: Result
  /** What happened, line by line, in virtual time. */
  readonly history: readonly string[]
  /** Every step that processes made, by name. With `:before` or `:after` each is a crash point. */
  readonly steps: readonly string[]
  readonly incidents: readonly Incident[]
  readonly ledger: LedgerReport
}

/** Thrown when a scenario fails, or something was lost. The message names what repeats it, and ends with the history. */
export class SimulationError extends Error {
  override readonly name = 'SimulationError'
  readonly seed: number
  readonly history: readonly string[]

  constructor(
    problem: string,
    details: { seed: number; crashAt: readonly string[]; history: readonly string[]; cause?: unknown },
  ) {
    const { seed, crashAt, history, cause } = details
    const place = crashAt.length > 0 ? `, crashAt: ${crashAt.map(point => `'${point}'`).join(', ')}` : ''
    super(
      `${problem}\nRepeat it with seed: ${seed}${place}\n${tail(history)}`,
      cause === undefined ? undefined : { cause },
    )
    this.seed = seed
    this.history = history
  }
}

const MAX_LINES = 200

function tail(history: readonly string[]): string {
  const left = history.length - MAX_LINES
  return (left > 0 ? [`(${left} lines before)`, ...history.slice(left)] : history).join('\n')
}

/**
 * Runs a scenario in a world of its own: virtual time, a network without wires, and processes that die, stand still
 * and are started again, as the seed has it. One thing happens after the other, so that the same seed gives the same
 * history, to the line. Everything in it must be virtual: what waits for a real file or socket belongs into
 * `world.outside`.
 *
 * @throws {SimulationError} when the scenario fails or never ends, when a crash point was not reached, or when the
 * ledger shows that something was lost, unexpected or changed.
 * @throws {WebhookError} `invalid_option`, naming the option.
 * @example
 * await simulate({ crashAt: 'deliveries.settle:before' }, async world => {
 *   const inbox = world.endpoint('https://customer.example.com/')
 *   const sender = world.spawn('sender', host => createSender(host))
 *   …
 *   await world.settle()
 * })
 */
export async function simulate<Result>(
  options: SimulationOptions,
  scenario: (world: SimulatedWorld) => Promise<Result>,
): Promise<SimulationReport<Result>> {
  return (await run(options, scenario)).report
}

/**
 * Answers the question "what if we die here?" for every step of a scenario: runs it once, and then once for each step
 * and each side of it, with a crash there. With `crashAt`, that crash comes first, and a second one follows.
 *
 * @returns the crash points, all of which went well.
 * @throws {SimulationError} as {@link simulate} does, at the first one that does not.
 */
export async function simulateEveryCrash(
  options: SimulationOptions,
  scenario: (world: SimulatedWorld) => Promise<unknown>,
): Promise<readonly string[]> {
  const { report, firstStep } = await run(options, scenario)
  const points = report.steps.slice(firstStep).flatMap(step => [`${step}:before`, `${step}:after`])
  for (const point of points) await run({ ...options, crashAt: [...listOf(options.crashAt), point] }, scenario)
  return points
}

async function run<Result>(
  options: SimulationOptions,
  scenario: (world: SimulatedWorld) => Promise<Result>,
): Promise<{ readonly report: SimulationReport<Result>; readonly firstStep: number }> {
  checkOptions(options, ['seed', 'faults', 'crashAt', 'store', 'maxEvents'], 'simulate')
  checkFaults(options.faults ?? {})
  const { seed = 1, faults = {}, store = (clock: Clock) => memoryStore({ clock }), maxEvents = 1_000_000 } = options
  const crashAt = listOf(options.crashAt)
  const world = new RunningWorld({ seed, faults, crashPoints: crashAt.map(parseCrashPoint), createStore: store })
  const { history, steps } = world
  const fail = (problem: string, cause?: unknown): SimulationError =>
    new SimulationError(problem, { seed, crashAt, history, cause })
  let result: Result
  try {
    result = await play(world, scenario, maxEvents)
  } catch (error) {
    const { lost } = world.ledger.report()
    const missing = lost.length > 0 ? `\nNot delivered by then: ${list(lost)}` : ''
    throw fail(`${error instanceof Error ? error.message : String(error)}${missing}`, error)
  }
  const [unreached] = steps.unreached
  if (unreached !== undefined)
    throw fail(`The crash point '${unreached.text}' was not reached. Steps were: ${steps.names.join(', ')}`)
  const ledger = world.ledger.report()
  const { lost, unexpected, changed } = ledger
  if (!ledger.valid) throw fail(`lost: ${list(lost)}; unexpected: ${list(unexpected)}; changed: ${list(changed)}`)
  const { incidents, names } = steps
  return { report: { seed, result, history, steps: names, incidents, ledger }, firstStep: steps.namesAtCrash }
}

/** Runs event after event until the scenario has ended. */
async function play<Result>(
  world: RunningWorld,
  scenario: (world: SimulatedWorld) => Promise<Result>,
  maxEvents: number,
): Promise<Result> {
  let end: { readonly result: Promise<Result> } | undefined
  const running = scenario(world)
  const ended = (): void => {
    end = { result: running }
  }
  running.then(ended, ended)
  await turn()
  for (let events = 0; end === undefined; events++) {
    if (world.failure !== undefined) throw world.failure.error
    if (events === maxEvents) throw new Error(`It did not end within ${maxEvents} events.`)
    while (world.held.size > 0) {
      await Promise.race(world.held).catch(() => {})
      await turn()
    }
    if (end === undefined && !(await world.scheduler.next()) && end === undefined) {
      throw new Error('It waits for something that never comes. What is real belongs into world.outside.')
    }
  }
  return end.result
}

function listOf(crashAt: string | readonly string[] = []): readonly string[] {
  return typeof crashAt === 'string' ? [crashAt] : crashAt
}

function list(keys: readonly string[]): string {
  return keys.length === 0 ? 'none' : keys.slice(0, 10).join(', ') + (keys.length > 10 ? ' …' : '')
}
