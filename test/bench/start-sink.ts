import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** Starts a sink and answers where it listens. */
export async function startSink(name: 'sink' | 'fast-sink' = 'sink'): Promise<{ readonly port: number; stop(): void }> {
  const file = fileURLToPath(new URL(`./${name}.mjs`, import.meta.url))
  const child = fork(file, [], { stdio: ['ignore', 'pipe', 'inherit', 'ipc'] })
  const port = await new Promise<number>((resolve, reject) => {
    child.stdout?.once('data', (line: Buffer) => resolve(Number(line.toString())))
    child.once('exit', () => reject(new Error('the sink ended')))
  })
  return { port, stop: () => void child.kill() }
}
