import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync } from 'node:fs'

/** Lends a small disk of its own; `undefined` where none may be mounted, which is said then. */
export async function withSmallDisk<Result>(
  folder: string,
  megabytes: number,
  use: (folder: string) => Promise<Result>,
): Promise<Result | undefined> {
  mkdirSync(folder)
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', folder]).status === 0
  if (!mounted) {
    process.stderr.write('Full disks are skipped: no tmpfs may be mounted here\n')
    return undefined
  }
  chmodSync(folder, 0o777)
  try {
    return await use(folder)
  } finally {
    spawnSync('umount', ['-l', folder])
  }
}
