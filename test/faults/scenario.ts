/** How long a scenario may take: `short` within `npm test`, `full` in `npm run test:faults`. */
export type Scale = 'short' | 'full'

/** One line of the table: what was counted, and what it may be. */
export interface Figure {
  readonly name: string
  readonly value: string
  /** As a reader sees it: `0`, `≤ 320`. */
  readonly goal: string
  readonly reached: boolean
}

/** A fault that is made for real, and what must hold all the same. Files in `scenarios/` export `scenarios`, a list of these. */
export interface Scenario {
  /** `R1 · SQLite`: sorts the table. */
  readonly name: string
  /** What is done, in one sentence. */
  readonly title: string
  readonly run: (scale: Scale) => Promise<readonly Figure[]>
}
