/** What became of everything that was to be done, each named by a key of yours. */
export interface Ledger {
  /** Somebody tries to hand it in. Only what was attempted may be delivered. */
  attempted(key: string): void
  /** It was taken on: from now on it must not be lost. */
  accepted(key: string): void
  /** It arrived. `content` must be the same every time. */
  delivered(key: string, content?: string): void
  /** It was given up in the way that is documented, and kept for somebody to look at. */
  gaveUp(key: string): void
}

/** The sums of a {@link Ledger}. Nothing may be lost, unexpected or changed; the rest is what at-least-once means. */
export interface LedgerReport {
  /** Accepted, but neither delivered nor given up. */
  readonly lost: readonly string[]
  /** Delivered, though nobody attempted it. */
  readonly unexpected: readonly string[]
  /** Delivered more than once. */
  readonly duplicated: readonly string[]
  /** Delivered, though nobody was told that it was accepted: the answer was lost. */
  readonly recovered: readonly string[]
  /** Delivered more than once, with another content. */
  readonly changed: readonly string[]
  /** Deliveries, each time counted. */
  readonly deliveries: number
  /** Nothing is lost, unexpected or changed. */
  readonly valid: boolean
}

/** A ledger that can be summed up. */
export interface OpenLedger extends Ledger {
  report(): LedgerReport
}

/** Creates an empty ledger. */
export function createLedger(note: (line: string) => void): OpenLedger {
  const attempted = new Set<string>()
  const accepted = new Set<string>()
  const givenUp = new Set<string>()
  const delivered = new Map<string, Array<string | undefined>>()
  return {
    attempted: key => void attempted.add(key),
    accepted(key) {
      attempted.add(key)
      accepted.add(key)
      note(`accepted ${key}`)
    },
    delivered(key, content) {
      const contents = delivered.get(key) ?? []
      contents.push(content)
      delivered.set(key, contents)
      note(`delivered ${key}${contents.length > 1 ? ` (${contents.length} times)` : ''}`)
    },
    gaveUp(key) {
      givenUp.add(key)
      note(`gave up ${key}`)
    },
    report() {
      const keys = [...delivered.keys()]
      const lost = [...accepted].filter(key => !delivered.has(key) && !givenUp.has(key))
      const unexpected = keys.filter(key => !attempted.has(key))
      const changed = keys.filter(key => new Set(delivered.get(key)).size > 1)
      return {
        lost,
        unexpected,
        duplicated: keys.filter(key => (delivered.get(key)?.length ?? 0) > 1),
        recovered: keys.filter(key => attempted.has(key) && !accepted.has(key)),
        changed,
        deliveries: [...delivered.values()].reduce((sum, contents) => sum + contents.length, 0),
        valid: lost.length + unexpected.length + changed.length === 0,
      }
    },
  }
}
