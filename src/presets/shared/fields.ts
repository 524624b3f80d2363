import { compileTemplate } from '../../templates/template.ts'
import type { PresetInput } from '../preset.ts'
import { caseVariables } from './service-case.ts'
import { cleanText, clip, type Escape, escapeAll } from './text.ts'
import { dropAbsent, isRecord } from './value-at.ts'

/**
 * Fields of the target by name, each a JSON value whose strings may hold `{{path}}` placeholders: added to the
 * preset's own, or put in their place. `null` leaves the preset's field out; one that comes out empty changes nothing.
 *
 * @example { customfield_10001: '{{case_id}}', labels: ['phone'], priority: null }
 */
export type FieldTable = Readonly<Record<string, unknown>>

/** How {@link withFields} writes. */
export interface FieldOptions {
  /** Later tables win. */
  readonly tables: ReadonlyArray<FieldTable | undefined>
  /** Escape for values inside a field's templates. Default: none. */
  readonly escaping?: (field: string) => Escape | undefined
  /** Lengths at which the text of a field is cut. */
  readonly limits?: Readonly<Record<string, number>>
}

/** The preset's own fields with those of the tables, cut at the limits; what is absent is left out. */
export function withFields(
  own: Readonly<Record<string, unknown>>,
  input: PresetInput,
  { tables, escaping, limits = {} }: FieldOptions,
): Readonly<Record<string, unknown>> {
  const fields = new Map<string, unknown>(Object.entries(dropAbsent(own)))
  const given = tables.filter(table => table !== undefined)
  const variables = given.length === 0 ? {} : caseVariables(input.event, input.deliveryId)
  for (const table of given) {
    for (const [name, template] of Object.entries(table)) {
      if (template === null) fields.delete(name)
      else {
        const value = render(template, variables, escaping?.(name))
        if (value !== undefined) fields.set(name, value)
      }
    }
  }
  for (const [name, limit] of Object.entries(limits)) {
    const value = fields.get(name)
    if (typeof value === 'string') fields.set(name, clip(value, limit))
  }
  return Object.fromEntries(fields)
}

function render(template: unknown, variables: unknown, escaping: Escape = character => character): unknown {
  const rendered = compileTemplate({ value: template }).render(variables, {
    escape: text => escapeAll(cleanText(text), escaping),
  })
  const { value } = dropAbsent(isRecord(rendered) ? rendered : {}) as { readonly value?: unknown }
  return value ?? undefined
}
