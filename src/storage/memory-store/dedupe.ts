import type { Claim, DedupeStore } from '../dedupe-store.ts'

interface Entry {
  /** `undefined` once the event was handled. */
  readonly token: string | undefined
  readonly untilMs: number
}

/** How many entries a claim looks at to throw expired ones away: enough to keep up, never a long pause. */
const SWEEP = 4

/** Remembers in this process, at most `maxEntries` events (default 100,000); the oldest is forgotten first. */
export function memoryDedupeStore(maxEntries = 100_000): DedupeStore {
  const entries = new Map<string, Entry>()
  let claims = 0
  const put = (key: string, entry: Entry): void => {
    entries.delete(key)
    entries.set(key, entry)
    for (const oldest of entries.keys()) {
      if (entries.size <= Math.max(1, maxEntries)) break
      entries.delete(oldest)
    }
  }
  const sweep = (nowMs: number): void => {
    let looked = 0
    for (const [key, entry] of entries) {
      if (++looked > SWEEP) return
      if (entry.untilMs <= nowMs) entries.delete(key)
    }
  }
  return {
    claim(key, { nowMs, claimUntilMs }): Claim {
      sweep(nowMs)
      const entry = entries.get(key)
      if (entry !== undefined && entry.untilMs > nowMs) {
        return entry.token === undefined ? { state: 'done' } : { state: 'in_progress', untilMs: entry.untilMs }
      }
      const token = String(++claims)
      put(key, { token, untilMs: claimUntilMs })
      return { state: 'claimed', token }
    },
    complete(key, token, { keepUntilMs }) {
      if (entries.get(key)?.token === token) put(key, { token: undefined, untilMs: keepUntilMs })
    },
    release(key, token) {
      if (entries.get(key)?.token === token) entries.delete(key)
    },
  }
}
