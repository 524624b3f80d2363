import { quantile } from '../traffic.ts'
import { jobs } from './job.ts'
import type { Queue } from './queue.ts'

/** What contestants are asked to do. */
export type TaskName = 'live' | 'latency' | 'fanOut'

/** How much of it. */
export interface TaskSize {
  readonly deliveries: number
  readonly latencies: number
  readonly endpoints: number
  readonly fanOuts: number
}

/** What came out, under the names of the columns. */
export type Figures = Readonly<Record<string, number>>

/** What is heard of the contestant while it works. */
export class Progress {
  #recorded = 0
  #wanted = Number.POSITIVE_INFINITY
  #reached = (): void => {}
  readonly answeredAt = new Map<number, number>()

  recorded(count: number): void {
    this.#recorded += count
    if (this.#recorded >= this.#wanted) this.#reached()
  }

  answered(number: number): void {
    this.answeredAt.set(number, performance.now())
  }

  /** Resolves when so many more are recorded. */
  next(count: number): Promise<void> {
    this.#recorded = 0
    this.#wanted = count
    return new Promise(resolve => {
      this.#reached = resolve
    })
  }
}

const ENDPOINTS = 10

/** Runs a task on a queue that was started. */
export async function runTask(task: TaskName, size: TaskSize, queue: Queue, progress: Progress): Promise<Figures> {
  if (task === 'live') return live(queue, progress, size.deliveries)
  if (task === 'latency') return latency(queue, progress, size.latencies)
  return fanOut(queue, progress, size.endpoints, size.fanOuts)
}

/** Deliveries a second, from the first that is enqueued to the last that is stored as done. */
async function live(queue: Queue, progress: Progress, count: number): Promise<Figures> {
  await work(queue, progress, 0, 2_000)
  await sleep(700)
  const before = process.cpuUsage()
  const seconds = await work(queue, progress, 2_000, count)
  const { user, system } = process.cpuUsage(before)
  return { rate: count / seconds, cpu: (user + system) / count }
}

async function work(queue: Queue, progress: Progress, from: number, count: number): Promise<number> {
  const wanted = jobs(from, count, ENDPOINTS)
  const done = progress.next(count)
  const startedAt = performance.now()
  await queue.enqueue(wanted)
  await done
  await queue.settled?.()
  return (performance.now() - startedAt) / 1_000
}

/** From the call that enqueues to the answer, about 40 a second. */
async function latency(queue: Queue, progress: Progress, count: number): Promise<Figures> {
  const times: number[] = []
  for (const [i, job] of jobs(0, count + 20, ENDPOINTS).entries()) {
    const done = progress.next(1)
    const enqueuedAt = performance.now()
    await queue.enqueueOne(job)
    await sleep(25 * (0.5 + Math.random()))
    await done
    if (i >= 20) times.push((progress.answeredAt.get(job.number) ?? Number.NaN) - enqueuedAt)
  }
  return { p50: quantile(times, 0.5), p99: quantile(times, 0.99) }
}

/** One event for many endpoints, until all deliveries are stored as done, in milliseconds. */
async function fanOut(queue: Queue, progress: Progress, endpoints: number, rounds: number): Promise<Figures> {
  const times: number[] = []
  for (let round = -2; round < rounds; round++) {
    const wanted = jobs(0, endpoints, endpoints)
    const done = progress.next(endpoints)
    const startedAt = performance.now()
    await queue.fanOut(wanted)
    await done
    await queue.settled?.()
    if (round >= 0) times.push(performance.now() - startedAt)
    await sleep(300)
  }
  return { milliseconds: quantile(times, 0.5) }
}

function sleep(milliseconds: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, milliseconds))
}
