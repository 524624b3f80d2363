import { systemClock } from '../../../clock.ts'
import { isBusy, isFull, type SqliteDriver } from './driver.ts'

/** How soon what found the database busy is tried again. */
export const RETRY_MS = 5
/** SQLite waits by blocking the process: only briefly, then we wait without. */
const BLOCKING_WAIT_MS = 20

const busyTimeout = (waitMs: number): string => `pragma busy_timeout = ${waitMs}`

/**
 * Does what SQLite is not to wait long for. A handle of the host's own goes on waiting for as long as he has told it to,
 * where that is longer.
 */
export function briefly<Result>(driver: SqliteDriver, isOwn: boolean, work: () => Result): Result {
  if (isOwn) return work()
  // Prepared each time: it is answered by what was so then.
  const [row] = driver.handle.prepare('pragma busy_timeout').all() as ReadonlyArray<{ readonly timeout?: unknown }>
  driver.exec(busyTimeout(BLOCKING_WAIT_MS))
  try {
    return work()
  } finally {
    driver.exec(busyTimeout(Math.max(BLOCKING_WAIT_MS, Number(row?.timeout ?? 0))))
  }
}

/** Sets a connection up so that what is committed is on the disk. */
export function configure(driver: SqliteDriver, isOwn: boolean): void {
  if (isOwn) driver.exec(busyTimeout(BLOCKING_WAIT_MS))
  const [mode] = driver.all({ text: 'pragma journal_mode = wal', values: [] })
  // Some disks cannot, and one that fails may keep the old mode: that one flushes everything only when told so.
  const isLog = ['wal', 'memory'].includes(String(mode?.journal_mode))
  driver.exec(`pragma synchronous = ${isLog ? 'full' : 'extra'}`)
}

/** A full disk is not asked for a checkpoint more often. */
const MAKE_ROOM_MS = 50

/** What waits in the log takes room twice, and on a full disk the log never gets long enough for a checkpoint. */
export class FullDisk {
  /** It was full, and the log has not been emptied since. */
  #full = false
  #madeRoomAtMs = Number.NEGATIVE_INFINITY

  /** Notes an error of a commit. */
  note(error: unknown): void {
    this.#full ||= isFull(error)
  }

  /** Empties the log, if the disk was full. */
  makeRoom(driver: SqliteDriver): void {
    const nowMs = performance.now()
    if (!this.#full || nowMs - this.#madeRoomAtMs < MAKE_ROOM_MS) return
    this.#madeRoomAtMs = nowMs
    this.#full = !emptyLog(driver)
  }
}

/** Begins to write, on a disk where there may be no room. */
export function begin(driver: SqliteDriver, disk: FullDisk, isOwn: boolean): void {
  briefly(driver, isOwn, () => {
    disk.makeRoom(driver)
    driver.exec('begin immediate')
  })
}

/** Writes what is in the log into the file, and makes the log short. The answer tells whether that could be done. */
function emptyLog(driver: SqliteDriver): boolean {
  try {
    const [row] = driver.all({ text: 'pragma wal_checkpoint(truncate)', values: [] })
    return row?.busy === 0
  } catch {
    // There is no room for that either.
    return false
  }
}

/**
 * Works as soon as no other process is in the way. SQLite itself does not wait for one that changes the journal mode,
 * as each does that opens a new file.
 *
 * @throws what `work` throws; that the database is busy, after `timeoutMs`.
 */
export async function whenFree<Result>(timeoutMs: number, work: () => Result): Promise<Result> {
  const sinceMs = performance.now()
  for (;;) {
    try {
      return work()
    } catch (error) {
      if (!isBusy(error) || performance.now() - sinceMs >= timeoutMs) throw error
    }
    await new Promise<void>(resolve => systemClock.setTimer(resolve, RETRY_MS))
  }
}
