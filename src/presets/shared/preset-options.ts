import { WebhookError } from '../../errors.ts'
import { checkOptions, kindOf } from '../../model/known-fields.ts'
import { type CaseLabels, ENGLISH } from './case-text.ts'
import type { FieldTable } from './fields.ts'
import type { PriorityTable } from './priority.ts'
import { isRecord } from './value-at.ts'

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

/** The names of what a preset for tickets can be built with. */
export const TICKET_OPTIONS = ['name', 'labels', 'priorities', 'fields'] as const

/** Those of a preset for chats that know no priorities. */
export const CHAT_OPTIONS = ['name', 'labels', 'fields'] as const

/**
 * Checks what a preset is built with: the names of its options and labels, and that its tables are some.
 *
 * @throws {WebhookError} `invalid_option`, naming the option.
 */
export function checkPresetOptions(
  preset: string,
  options: PresetOptions<unknown>,
  known: readonly (keyof PresetOptions)[],
): void {
  checkOptions(options, known, preset)
  if (options.labels !== undefined) checkOptions(options.labels, Object.keys(ENGLISH), preset, 'labels')
  for (const table of ['priorities', 'fields'] as const) {
    const given: unknown = options[table]
    if (given === undefined || isRecord(given)) continue
    throw new WebhookError('invalid_option', `${preset}: ${table} must be an object, not ${kindOf(given)}`, {
      argument: table,
    })
  }
}
