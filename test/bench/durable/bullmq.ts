import { chunks, load } from './peers.ts'
import type { Job, Queue, QueueHost } from './queue.ts'

interface BullMq {
  readonly Queue: new (
    name: string,
    options: object,
  ) => {
    obliterate(options: object): Promise<void>
    addBulk(jobs: ReadonlyArray<{ readonly name: string; readonly data: Job }>): Promise<unknown>
    add(name: string, data: Job): Promise<unknown>
    close(): Promise<void>
  }
  readonly Worker: new (
    name: string,
    handler: (job: { readonly data: Job }) => Promise<void>,
    options: object,
  ) => {
    on(event: string, listener: (value: unknown) => void): unknown
    waitUntilReady(): Promise<unknown>
    close(force: boolean): Promise<void>
  }
}

const NAME = 'deliveries'

/** BullMQ on Redis: jobs in bulks of 1,000, finished ones kept, as it does by itself. */
export async function bullMq(host: QueueHost): Promise<Queue> {
  const { Queue: BullQueue, Worker } = load<BullMq>('bullmq')
  const connection = { host: '127.0.0.1', port: host.redisPort, maxRetriesPerRequest: null }
  const queue = new BullQueue(NAME, { connection, defaultJobOptions: { attempts: 1 } })
  await queue.obliterate({ force: true })
  let close = async (): Promise<void> => {}
  const enqueue = async (jobs: readonly Job[]): Promise<void> => {
    for (const some of chunks(jobs, 1_000)) await queue.addBulk(some.map(data => ({ name: 'post', data })))
  }
  return {
    enqueue,
    fanOut: enqueue,
    async enqueueOne(job) {
      await queue.add('post', job)
    },
    async start() {
      const worker = new Worker(NAME, ({ data }) => host.deliver(data), { connection, concurrency: host.concurrency })
      worker.on('completed', () => host.recorded(1))
      worker.on('failed', () => host.recorded(1))
      worker.on('error', error => console.error(error))
      await worker.waitUntilReady()
      close = () => worker.close(true)
    },
    async stop() {
      await close()
      await queue.close()
    },
  }
}
