import type { Claim, DedupeStore } from '../dedupe-store.ts'

interface Entry {
  readonly key: string
  /** `undefined` once the event was handled. */
  token: string | undefined
  untilMs: number
  older: Entry | undefined
  newer: Entry | undefined
}

/** How many entries a claim looks at to throw expired ones away: enough to keep up, never a long pause. */
const SWEEP = 2

/**
 * Remembers in this process, at most `maxEntries` events (default 100,000); the oldest is forgotten first. An event that
 * was given back takes no room.
 */
export function memoryDedupeStore(maxEntries = 100_000): DedupeStore {
  const entries = new Map<string, Entry>()
  // By age, in links between the entries: a map that loses its first ones all the time gets slow to begin with.
  let oldest: Entry | undefined
  let newest: Entry | undefined
  let claims = 0
  const add = (entry: Entry): void => {
    entries.set(entry.key, entry)
    if (newest === undefined) oldest = entry
    else newest.newer = entry
    newest = entry
  }
  const remove = (entry: Entry): void => {
    const { key, older, newer } = entry
    entries.delete(key)
    if (older === undefined) oldest = newer
    else older.newer = newer
    if (newer === undefined) newest = older
    else newer.older = older
  }
  const sweep = (nowMs: number): void => {
    for (let i = 0; i < SWEEP; i++) {
      if (oldest === undefined || oldest.untilMs > nowMs) return
      remove(oldest)
    }
  }
  return {
    claim(key, { nowMs, claimUntilMs }): Claim {
      sweep(nowMs)
      const known = entries.get(key)
      if (known !== undefined && known.untilMs > nowMs) {
        return known.token === undefined ? { state: 'done' } : { state: 'in_progress', untilMs: known.untilMs }
      }
      if (known !== undefined) remove(known)
      const token = String(++claims)
      add({ key, token, untilMs: claimUntilMs, older: newest, newer: undefined })
      if (oldest !== undefined && entries.size > Math.max(1, maxEntries)) remove(oldest)
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
      if (entry?.token === token) remove(entry)
    },
  }
}
