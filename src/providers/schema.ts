/**
 * Checks of untrusted JSON by zod schemas. They are built on first use, so that importing a provider costs nothing,
 * and compiled to code where the runtime allows it. Where it does not (Cloudflare Workers, a strict
 * Content-Security-Policy, `z.config({ jitless: true })`), zod interprets them: the same verdicts, more slowly.
 *
 * Two layers keep both fast: a small **envelope** schema for what routing and de-duplication read, and, for wide
 * records of mostly optional fields, {@link lazyFields}, which looks only at the fields that are there.
 */
import * as z from 'zod/mini'
import { isThenable } from '../model/maybe-promise.ts'

/** A value that fits, or the first thing wrong with it. */
export type SchemaResult<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly message: string }

/** A check of decoded JSON. Never throws. */
export type SchemaCheck<T> = (value: unknown) => SchemaResult<T>

/** How much of a body is checked against its documented shape. */
export type Validation =
  /** Every documented field. A body with a wrong one is refused as `invalid_data`. */
  | 'full'
  /** Only what routing and de-duplication need. The types of the other fields are then the sender's promise. */
  | 'envelope'

/**
 * A check by a schema. The value itself is returned, not a copy, so unknown fields are kept.
 *
 * @example
 * const checkOrder = lazySchema(() => z.object({ id: z.number(), note: z.nullish(z.string()) }))
 * const result = checkOrder(JSON.parse(text)) // { ok: false, message: 'id: invalid_type, expected number' }
 */
export function lazySchema<S extends z.core.$ZodType>(build: () => S): SchemaCheck<z.core.output<S>> {
  const schema = once(() => compile(build()))
  return value => {
    // `validate` only answers yes or no and builds no copy of the value; what is wrong is looked up only on a no.
    if (fits(schema(), value)) return { ok: true, value: value as z.core.output<S> }
    return { ok: false, message: firstProblem(schema(), value, []) }
  }
}

/**
 * A check of a wide record whose fields may all be missing: those that are there must fit their schemas. One schema
 * object may serve many fields, and is then compiled once. Costs what the record holds, not what the list names:
 * half of what `z.object` with optional fields does, and a tenth of the time to compile.
 *
 * @example
 * const text = once(() => z.nullish(z.string()))
 * const checkPerson = lazyFields(() => ({ first_name: text(), last_name: text() }))
 */
export function lazyFields<Shape extends z.core.$ZodShape>(
  build: () => Shape,
): SchemaCheck<Partial<z.core.output<z.ZodMiniObject<Shape>>>> {
  const fields = once(() => compileFields(build()))
  return value => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      return { ok: false, message: 'the body: invalid_type, expected object' }
    }
    const checks = fields()
    const record = value as Readonly<Record<string, unknown>>
    for (const name in record) {
      const field = checks.get(name)
      const item = record[name]
      if (field === undefined || (item === null && field.nullable) || fits(field.schema, item)) continue
      return { ok: false, message: firstProblem(field.schema, item, [name]) }
    }
    return { ok: true, value }
  }
}

interface Field {
  readonly schema: z.core.$ZodType
  /** Known beforehand, because half of a CRM's record is null. */
  readonly nullable: boolean
}

function compileFields(shape: z.core.$ZodShape): ReadonlyMap<string, Field> {
  const compiled = new Map<z.core.$ZodType, Field>()
  const fields = new Map<string, Field>()
  for (const [name, schema] of Object.entries(shape)) {
    const field = compiled.get(schema) ?? { schema: compile(schema), nullable: z.validate(schema, null) }
    compiled.set(schema, field)
    fields.set(name, field)
  }
  return fields
}

/** `z.compile` does not look at zod's own switch against code generation, so it is asked here. */
function compile<S extends z.core.$ZodType>(schema: S): S {
  return z.config().jitless !== true && z.util.allowsEval.value ? z.compile(schema) : schema
}

/** A value that is made on the first call and kept. */
export function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined
  return () => {
    made ??= { value: make() }
    return made.value
  }
}

/** A minimal length is compared with any `length` that a value has, and an odd one cannot be compared. */
function fits(schema: z.core.$ZodType, value: unknown): boolean {
  try {
    return z.validate(schema, value)
  } catch {
    return false
  }
}

/**
 * Names the place and the rule; never repeats the value, which may be personal data. Stops at the first problem:
 * `safeParse` would collect one for every item of a hostile array, and exceeds the stack when there are many.
 */
function firstProblem(schema: z.core.$ZodType, value: unknown, parents: readonly string[]): string {
  const issue = firstIssue(schema, value)
  if (issue === undefined) return 'the body does not have the documented shape'
  const path = [...parents, ...(issue.path ?? []).map(String)]
  const place = path.length === 0 ? 'the body' : path.join('.').slice(0, MAX_PLACE_LENGTH)
  const expected = 'expected' in issue ? `, expected ${String(issue.expected)}` : ''
  return `${place}: ${String(issue.code)}${expected}`
}

function firstIssue(schema: z.core.$ZodType, value: unknown): z.core.$ZodRawIssue | undefined {
  try {
    const result = schema._zod.run({ value, issues: [] }, { async: false, abortEarly: true })
    return isThenable(result) ? undefined : result.issues[0]
  } catch {
    return undefined
  }
}

/** Keys in a path may be the sender's own, and of any length. */
const MAX_PLACE_LENGTH = 200
