import * as z from 'zod/mini'

/** A value that fits, or the first thing wrong with it. */
export type SchemaResult<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly message: string }

/** A check of decoded JSON. */
export type SchemaCheck<T> = (value: unknown) => SchemaResult<T>

/**
 * A schema that is built, and compiled where the runtime allows code generation, on its first use: importing a
 * provider costs nothing. The value itself is returned, not a copy, so unknown fields are kept.
 */
export function lazySchema<S extends z.core.$ZodType>(build: () => S): SchemaCheck<z.core.output<S>> {
  let compiled: S | undefined
  return value => {
    compiled ??= z.compile(build())
    const result = z.safeParse(compiled, value)
    return result.success
      ? { ok: true, value: value as z.core.output<S> }
      : { ok: false, message: describeIssue(result.error.issues[0]) }
  }
}

/** Names the place and the rule; never repeats the value, which may be personal data. */
function describeIssue(issue: z.core.$ZodIssue | undefined): string {
  if (issue === undefined) return 'the body does not have the documented shape'
  const place = issue.path.length === 0 ? 'the body' : issue.path.map(String).join('.')
  const expected = 'expected' in issue ? `, expected ${String(issue.expected)}` : ''
  return `${place}: ${issue.code}${expected}`
}
