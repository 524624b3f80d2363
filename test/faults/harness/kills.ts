import type { Child } from './children.ts'
import { pause } from './rig.ts'

/** A worker that was killed. */
export interface KilledWorker {
  readonly name: string
  readonly atMs: number
}

/** How workers are killed. */
export interface KillOptions {
  readonly kills: number
  /** Decides whom and when. */
  readonly random: () => number
  readonly restart: (name: string) => Promise<Child>
  /** Is told before each kill, from 0. */
  readonly beforeKill?: (index: number) => Promise<void>
}

/** Every 0.3 to 1 s some worker is killed, and another one started in its place, under a name of its own. */
export async function killWorkers(
  workers: readonly Child[],
  { kills, random, restart, beforeKill }: KillOptions,
): Promise<readonly KilledWorker[]> {
  const alive = workers.map((child, i) => ({ child, name: ['one', 'two'][i] ?? `worker ${i}` }))
  const killed: KilledWorker[] = []
  for (let kill = 0; kill < kills; kill++) {
    await beforeKill?.(kill)
    await pause(300 + 700 * random())
    const place = Math.floor(random() * alive.length)
    const victim = alive[place]
    if (victim === undefined) throw new Error('there is nobody to kill')
    killed.push({ name: victim.name, atMs: Date.now() })
    await victim.child.kill()
    const name = `after-${kill}`
    alive[place] = { child: await restart(name), name }
  }
  return killed
}
