import { Fifo } from '../../model/fifo.ts'
import type { Claim, DedupeStore } from '../dedupe-store.ts'

interface Entry {
  readonly key: string
  /** `undefined` once the event was handled. */
  token: string | undefined
  untilMs: number
  /** Another entry of its key, or none, has taken its place. */
  gone: boolean
}

/** How many entries a claim looks at to throw expired ones away: enough to keep up, never a long pause. */
const SWEEP = 2

/** Remembers in this process, at most `maxEntries` events (default 100,000); the oldest is forgotten first. */
export function memoryDedupeStore(maxEntries = 100_000): DedupeStore {
  const entries = new Map<string, Entry>()
  /**
   * All entries, oldest first, those that were released too. Kept beside the map because a map that loses its first
   * entries all the time gets slow to begin with.
   */
  const byAge = new Fifo<Entry>()
  let claims = 0
  const forgetOldest = (): void => {
    const oldest = byAge.shift()
    if (oldest?.gone === false) entries.delete(oldest.key)
  }
  const sweep = (nowMs: number): void => {
    for (let i = 0; i < SWEEP; i++) {
      const oldest = byAge.peek()
      if (oldest === undefined || (oldest.untilMs > nowMs && !oldest.gone)) return
      forgetOldest()
    }
  }
  return {
    claim(key, { nowMs, claimUntilMs }): Claim {
      sweep(nowMs)
      const known = entries.get(key)
      if (known !== undefined && known.untilMs > nowMs) {
        return known.token === undefined ? { state: 'done' } : { state: 'in_progress', untilMs: known.untilMs }
      }
      if (known !== undefined) known.gone = true
      const token = String(++claims)
      const entry: Entry = { key, token, untilMs: claimUntilMs, gone: false }
      entries.set(key, entry)
      byAge.push(entry)
      if (byAge.size > Math.max(1, maxEntries)) forgetOldest()
      return { state: 'claimed', token }
    },
    complete(key, token, { keepUntilMs }) {
      const entry = entries.get(key)
      if (entry?.token !== token) return
      entry.token = undefined
      entry.untilMs = keepUntilMs
    },
    release(key, token) {
      const entry = entries.get(key)
      if (entry?.token !== token) return
      entry.gone = true
      entries.delete(key)
    },
  }
}
