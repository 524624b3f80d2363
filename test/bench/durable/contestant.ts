import { signingClient } from './client.ts'
import { CONTESTANTS, type ContestantName } from './contestants.ts'
import { Progress, runTask, type TaskName, type TaskSize } from './tasks.ts'

/** What a contestant's process is told. */
export interface Order {
  readonly name: ContestantName
  readonly task: TaskName
  readonly size: TaskSize
  readonly postgresUrl: string
  readonly redisPort: number
  readonly sinkPort: number
  readonly folder: string
}

const CONCURRENCY = 50

/** One contestant with one task in a process of its own. Sends its figures. */
const order = JSON.parse(process.argv[2] ?? '') as Order
const progress = new Progress()
const post = signingClient(order.sinkPort, CONCURRENCY)
const endpoints = order.task === 'fanOut' ? order.size.endpoints : 10
const queue = await CONTESTANTS[order.name](
  {
    ...order,
    concurrency: CONCURRENCY,
    async deliver(job) {
      await post(job)
      progress.answered(job.number)
    },
    answered: number => progress.answered(number),
    recorded: count => progress.recorded(count),
  },
  endpoints,
)
await queue.start()
const figures = await runTask(order.task, order.size, queue, progress)
process.send?.(figures)
await Promise.race([queue.stop(), new Promise(done => setTimeout(done, 3_000))])
process.exit(0)
