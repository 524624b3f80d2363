/** The databases that the statements are written for. */
export type Dialect = 'sqlite' | 'postgres'

/** What stands in a column: flags are 0 or 1, times are milliseconds, documents are text. */
export type SqlValue = string | number | null

/** A row as the driver gives it. */
export type Row = Readonly<Record<string, unknown>>

/** A statement in the database's own words. Lists are for PostgreSQL, as arrays. */
export interface Statement {
  readonly text: string
  readonly values: ReadonlyArray<SqlValue | readonly SqlValue[]>
  /**
   * Finds rows in tables that may be nearly empty now. It is planned each time until it has found many: else a plan
   * that reads whole tables would be kept while they grow.
   */
  readonly planAnew?: boolean
  /**
   * Answers with one row that tells how many were changed (`changes`) and the number of the last new one (`last_no`).
   * For SQLite, whose drivers take as long again to hand out a row as to write one.
   */
  readonly counts?: boolean
}

/** A piece of a statement with its values, in the words that both databases share. */
export interface Sql {
  /** One more than there are values. */
  readonly parts: readonly string[]
  readonly values: readonly SqlValue[]
}

/**
 * A piece of work as the statements that it asks for, one after the other; each answers with rows. So the same work
 * runs on a driver that answers at once and on one that has to be waited for.
 */
export type Steps<Result> = Generator<Sql | Statement, Result, readonly Row[]>

/** Writes a statement: values become parameters, other pieces are put in as they are. */
export function sql(strings: TemplateStringsArray, ...inserted: ReadonlyArray<SqlValue | Sql>): Sql {
  const parts: string[] = [strings[0] ?? '']
  const values: SqlValue[] = []
  inserted.forEach((piece, index) => {
    const after = strings[index + 1] ?? ''
    if (piece === null || typeof piece !== 'object') {
      values.push(typeof piece === 'string' ? storable(piece) : piece)
      parts.push(after)
      return
    }
    values.push(...piece.values)
    parts[parts.length - 1] += piece.parts[0] ?? ''
    parts.push(...piece.parts.slice(1))
    parts[parts.length - 1] += after
  })
  return { parts, values }
}

/** Text that both databases take: PostgreSQL knows no NUL. */
export function storable(text: string): string {
  return text.includes('\0') ? text.replaceAll('\0', '\uFFFD') : text
}

/** Text that is part of the statement. Never anything from outside. */
export function raw(text: string): Sql {
  return { parts: [text], values: [] }
}

/** Pieces with something between them. */
export function join(pieces: readonly Sql[], between: string): Sql {
  return pieces.reduce((all, piece, index) => (index === 0 ? piece : sql`${all}${raw(between)}${piece}`), raw(''))
}

/** Values in parentheses, for `in`. */
export function list(values: readonly SqlValue[]): Sql {
  return sql`(${join(
    values.map(value => sql`${value}`),
    ', ',
  )})`
}

/** A statement as the driver takes it. */
export function toStatement(query: Sql | Statement, dialect: Dialect): Statement {
  if ('text' in query) return query
  if (dialect === 'sqlite') return { text: query.parts.join('?'), values: query.values }
  return { text: query.parts.reduce((text, part, index) => `${text}$${index}${part}`), values: query.values }
}
