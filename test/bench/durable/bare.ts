import type { Job, Queue, QueueHost } from './queue.ts'

/** No queue at all: what the client and the sink take by themselves. Nothing is stored, so nobody can be faster. */
export async function bare(host: QueueHost): Promise<Queue> {
  const waiting: Job[] = []
  let next = 0
  let underWay = 0
  const fill = (): void => {
    while (underWay < host.concurrency && next < waiting.length) {
      const job = waiting[next++]
      if (job === undefined) return
      underWay++
      void host.deliver(job).then(() => {
        underWay--
        host.recorded(1)
        fill()
      })
    }
  }
  const enqueue = async (jobs: readonly Job[]): Promise<void> => {
    waiting.push(...jobs)
    fill()
  }
  return {
    enqueue,
    fanOut: enqueue,
    enqueueOne: job => enqueue([job]),
    start: async () => {},
    stop: async () => {},
  }
}
