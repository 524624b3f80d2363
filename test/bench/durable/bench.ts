import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { formatTable, median } from '../harness.ts'
import type { Order } from './contestant.ts'
import { CONTESTANTS, type ContestantName, isOurs } from './contestants.ts'
import { installPeers, NODE_24 } from './peers.ts'
import { type Services, startServices } from './services.ts'
import type { Figures, TaskName, TaskSize } from './tasks.ts'

/** Smaller for a quick look: `QUICK=1 npm run bench -- durable`. */
const QUICK = process.env.QUICK !== undefined
const SIZE: TaskSize = QUICK
  ? { deliveries: 4_000, latencies: 60, endpoints: 1_000, fanOuts: 3 }
  : { deliveries: 20_000, latencies: 200, endpoints: 1_000, fanOuts: 7 }
const REPETITIONS = Number(process.env.REPETITIONS ?? (QUICK ? 1 : 5))
/** Some of the contestants, by a part of their names. */
const ONLY = process.env.ONLY?.split(',')
const TASKS = (process.env.TASKS?.split(',') ?? ['live', 'latency', 'fanOut']) as readonly TaskName[]

type Results = ReadonlyMap<ContestantName, readonly Figures[]>

/**
 * Our stores beside queues that others use, with the same work: 1 KB of JSON, signed, posted over loopback with the
 * same client, the outcome stored. Ours store an entry of the exchange log as well. Each contestant is a process of its
 * own for each task; they take turns, and ratios are taken within a turn.
 */
export async function run(): Promise<void> {
  installPeers()
  const services = await startServices()
  try {
    for (const task of TASKS) print(task, await measure(task, services))
  } finally {
    await services.stop()
  }
}

async function measure(task: TaskName, services: Services): Promise<Results> {
  const names = (Object.keys(CONTESTANTS) as ContestantName[]).filter(
    name => ONLY === undefined || ONLY.some(part => name.includes(part)),
  )
  const results = new Map<ContestantName, Figures[]>(names.map(name => [name, []]))
  for (let repetition = 0; repetition < REPETITIONS; repetition++) {
    for (const name of names) {
      const { stop: _stop, ...places } = services
      results.get(name)?.push(await runApart({ name, task, size: SIZE, ...places }))
    }
  }
  return results
}

function runApart(order: Order): Promise<Figures> {
  const file = fileURLToPath(new URL('./durable/contestant.mjs', import.meta.url))
  const execPath = order.name.includes('Node 24') ? NODE_24 : process.execPath
  const execArgv = process.env.PROFILE === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${process.env.PROFILE}`]
  return new Promise((resolve, reject) => {
    const child = fork(file, [JSON.stringify(order)], { execPath, execArgv })
    const tooLong = setTimeout(() => child.kill('SIGKILL'), 180_000)
    let figures: Figures | undefined
    child.once('message', (message: Figures) => {
      figures = message
    })
    child.once('exit', () => {
      clearTimeout(tooLong)
      if (figures === undefined) reject(new Error(`${order.name} did not finish '${order.task}'`))
      else resolve(figures)
    })
  })
}

function print(task: TaskName, results: Results): void {
  console.log(`\n## ${task}\n`)
  console.log(
    formatTable(
      [...results].map(([contestant, figures]) => {
        const columns = Object.keys(figures[0] ?? {})
        return {
          contestant,
          ...Object.fromEntries(
            columns.map(column => [column, median(figures.map(one => one[column] ?? Number.NaN)).toPrecision(4)]),
          ),
        }
      }),
    ),
  )
  void isOurs
}
