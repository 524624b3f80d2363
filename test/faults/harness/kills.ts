import type { Child } from './children.ts'
import { pause } from './rig.ts'

/** How workers are killed. */
interface KillOptions {
  readonly kills: number
  /** Decides whom and when. */
  readonly random: () => number
  readonly restart: (name: string) => Promise<Child>
  /** Is told before each kill, from 0. */
  readonly beforeKill?: (index: number) => Promise<void>
}

/** Every 0.3 to 1 s some worker is killed, and another one started in its place, under another name. */
export async function killWorkers(
  workers: readonly Child[],
  { kills, random, restart, beforeKill }: KillOptions,
): Promise<void> {
  const alive = [...workers]
  for (let kill = 0; kill < kills; kill++) {
    await beforeKill?.(kill)
    await pause(300 + 700 * random())
    const place = Math.floor(random() * alive.length)
    const victim = alive[place]
    if (victim === undefined) throw new Error('there is nobody to kill')
    await victim.kill()
    alive[place] = await restart(`after-${kill}`)
  }
}
