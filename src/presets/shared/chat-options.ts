import type { CaseLabels } from './case-text.ts'
import type { FieldTable } from './fields.ts'

/** What presets for chats can be built with. */
export interface ChatOptions {
  /** Registers the preset under another name. */
  readonly name?: string
  /** Words for the facts below the description, for another language. Default: English. */
  readonly labels?: Partial<CaseLabels>
  readonly fields?: FieldTable
}

/** What every endpoint that posts to a chat can set. */
export interface ChatSettings {
  readonly fields?: FieldTable | undefined
}
