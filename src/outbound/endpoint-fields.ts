import { WebhookError } from '../errors.ts'
import { findUnknownField } from '../model/known-fields.ts'

/** What a wrong field of an endpoint is refused with. */
export function invalid(argument: string, problem: string): WebhookError {
  return new WebhookError('invalid_endpoint', `endpoint: ${argument} ${problem}`, { argument })
}

/** Refuses what nobody would read: a mistake in a name must not pass in silence. */
export function checkFields(input: object, known: readonly string[], field?: string): void {
  const unknown = findUnknownField(input, known)
  if (unknown === undefined) return
  const name = field === undefined ? unknown.name : `${field}.${unknown.name}`
  throw invalid(name, `is no field of ${field ?? 'an endpoint'}${unknown.hint || `; there are: ${known.join(', ')}`}`)
}

export function checkText(field: string, value: unknown, min: number, max: number): void {
  if (typeof value !== 'string' || value.length < min || value.length > max) {
    throw invalid(field, `must be text of ${min} to ${max} characters`)
  }
}

export function oneOf<Value extends string>(field: string, value: Value, values: readonly Value[]): Value {
  if (!values.includes(value)) throw invalid(field, `must be one of ${values.join(', ')}`)
  return value
}

export function inRange(field: string, value: number, min: number, max: number): number {
  if (typeof value !== 'number' || !(value >= min && value <= max))
    throw invalid(field, `must be a number from ${min} to ${max}`)
  return value
}

export function wholeInRange(field: string, value: number, min: number, max: number): number {
  if (!Number.isInteger(value)) throw invalid(field, `must be a whole number from ${min} to ${max}`)
  return inRange(field, value, min, max)
}
