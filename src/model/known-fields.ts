import { nearestName } from './event-type.ts'

/** A field that nobody reads, and the known one that was probably meant. */
export interface UnknownField {
  readonly name: string
  /** Empty, or `: did you mean …?` */
  readonly hint: string
}

/** The fields of a type, each by its name, so that none can be forgotten. */
export type FieldTable<Type> = Readonly<Record<keyof Type, true>>

/** The first field that is not known. One that is `undefined` counts as left out. */
export function findUnknownField(input: object, known: readonly string[]): UnknownField | undefined {
  const stray = Object.entries(input).find(([name, value]) => value !== undefined && !known.includes(name))
  if (stray === undefined) return undefined
  const near = nearestName(stray[0], known)
  return { name: stray[0].slice(0, 100), hint: near === undefined ? '' : `: did you mean ${near}?` }
}
