import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

/** A process of its own that works on the store, and can be killed. */
export interface WorkerProcess {
  readonly pid: number
  /** What it said when it was ready. */
  readonly ready: unknown
  /** Ends it without a warning, as an operating system that runs out of memory does. */
  kill(): Promise<void>
  /** Lets it end what is under way. */
  stop(): Promise<void>
}

/** Starts a script of this folder and waits until it is ready. It ends when this process does. */
export async function startWorker(script: string, args: readonly string[]): Promise<WorkerProcess> {
  // Like this process, which may have been started by tsx.
  const child = fork(fileURLToPath(new URL(script, import.meta.url)), args)
  const [ready] = (await Promise.race([once(child, 'message'), endOf(child)])) as readonly unknown[]
  return {
    pid: child.pid ?? 0,
    ready,
    async kill() {
      const ended = once(child, 'exit')
      child.kill('SIGKILL')
      await ended
    },
    async stop() {
      const ended = once(child, 'exit')
      child.disconnect()
      await ended
    },
  }
}

async function endOf(child: ChildProcess): Promise<never> {
  const [code] = (await once(child, 'exit')) as readonly (number | null)[]
  throw new Error(`a worker process ended before it was ready, with ${code}`)
}

/** In the worker process: tells that it is ready, and stops when the demo says so or is gone. */
export function serveDemo(ready: unknown, stop: () => Promise<void>): void {
  process.once('disconnect', () => void stop())
  process.send?.(ready)
}
