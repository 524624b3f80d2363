import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { childScript } from './bundle.ts'

/** A process that a scenario started. */
export interface Child {
  /** The first line that it wrote: it is ready. */
  readonly hello: string
  readonly pid: number
  /** Resolves when it has ended, with how. */
  readonly ended: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>
  readonly isRunning: boolean
  signal(name: NodeJS.Signals): void
  /** `kill -9`, and waits for its end. */
  kill(): Promise<void>
}

/** Starts `children/<name>.ts` with settings, and waits for its first line. */
export type StartChild = (name: string, settings: object) => Promise<Child>

/** Lends a way to start processes, and kills whatever still runs in the end. */
export async function withChildren<Result>(use: (start: StartChild) => Promise<Result>): Promise<Result> {
  const started = new Set<ChildProcess>()
  try {
    return await use((name, settings) => startChild(name, settings, started))
  } finally {
    for (const child of started) child.kill('SIGKILL')
  }
}

async function startChild(name: string, settings: object, started: Set<ChildProcess>): Promise<Child> {
  const script = await childScript(name)
  const child = spawn(process.execPath, ['--enable-source-maps', script, JSON.stringify(settings)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  started.add(child)
  const ended = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>(resolve => {
    child.once('exit', (code, signal) => {
      started.delete(child)
      resolve({ code, signal })
    })
  })
  const lines = createInterface({ input: child.stdout })
  const hello = await Promise.race([
    new Promise<string>(resolve => lines.once('line', resolve)),
    ended.then(({ code, signal }) => Promise.reject(new Error(`${name} ended early: ${signal ?? code}`))),
  ])
  lines.on('line', () => {})
  return {
    hello,
    pid: child.pid ?? 0,
    ended,
    get isRunning() {
      return started.has(child)
    },
    signal: signal => void child.kill(signal),
    async kill() {
      child.kill('SIGKILL')
      await ended
    },
  }
}
