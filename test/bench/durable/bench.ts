import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Order } from './contestant.ts'
import { CONTESTANTS, type ContestantName } from './contestants.ts'
import { installPeers, NODE_24 } from './peers.ts'
import { print, type Results } from './report.ts'
import { type Services, startServices } from './services.ts'
import { printStored } from './stored.ts'
import type { Figures, TaskName, TaskSize } from './tasks.ts'

/** For a quick look: `QUICK=1`, `TASKS=live,latency,fanOut`, `ONLY=` a regular expression for contestants. */
const { QUICK, TASKS = 'live,latency,fanOut', ONLY = '' } = process.env
const SIZE: TaskSize =
  QUICK === undefined
    ? { deliveries: 20_000, latencies: 200, endpoints: 1_000, fanOuts: 7 }
    : { deliveries: 4_000, latencies: 60, endpoints: 1_000, fanOuts: 3 }
const REPETITIONS = QUICK === undefined ? 5 : 1

/**
 * Our stores beside queues that others use, with the same work: 1 KB of JSON, signed, posted over loopback with the
 * same client, the outcome stored. Each contestant is a process of its own for each task; they take turns, and ratios
 * are taken within a turn.
 */
export async function run(): Promise<void> {
  installPeers()
  const services = await startServices()
  try {
    for (const task of TASKS.split(',') as TaskName[]) print(task, await measure(task, services))
    await printStored(services)
  } finally {
    await services.stop()
  }
}

async function measure(task: TaskName, { stop: _stop, ...places }: Services): Promise<Results> {
  const names = (Object.keys(CONTESTANTS) as ContestantName[]).filter(name => new RegExp(ONLY).test(name))
  const results = new Map<ContestantName, Figures[]>(names.map(name => [name, []]))
  for (let repetition = 0; repetition < REPETITIONS; repetition++) {
    for (const name of names) results.get(name)?.push(await runApart({ name, task, size: SIZE, ...places }))
  }
  return results
}

function runApart(order: Order): Promise<Figures> {
  const file = fileURLToPath(new URL('./durable/contestant.mjs', import.meta.url))
  const execPath = order.name === 'pg-boss 12 (Node 24)' ? NODE_24 : process.execPath
  return new Promise((resolve, reject) => {
    const child = fork(file, [JSON.stringify(order)], { execPath })
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
