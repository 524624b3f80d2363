import type { CaseLabels } from './case-text.ts'
import type { FieldTable } from './fields.ts'
import type { PriorityTable } from './priority.ts'

/** What every preset can be built with. The endpoint's settings have the last word over the tables. */
export interface PresetOptions<Priority = string> {
  /** Registers the preset under another name, to have it twice with different tables. */
  readonly name?: string
  /** Words for the facts below the description, for another language. Default: English. */
  readonly labels?: Partial<CaseLabels>
  readonly priorities?: PriorityTable<Priority>
  readonly fields?: FieldTable
}

/** What every endpoint that uses a preset can set. */
export interface CommonSettings<Priority = string> {
  readonly priorities?: PriorityTable<Priority> | undefined
  readonly fields?: FieldTable | undefined
}
