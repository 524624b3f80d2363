import type { Dialect, Row, Sql, Statement, Steps } from './statement.ts'
import type { Tables } from './tables.ts'

/** How writes that share a statement stand to what other transactions have locked, such as a host's that is open. */
export interface Locks {
  /** A table of one row: a statement that reads from it gives up what is locked soon, as the rest of the transaction does. */
  readonly hurry: string
  /** How long one caller's write is tried again, in milliseconds. */
  readonly patienceMs: number
  /** Whether a write was given up since it had to wait. */
  readonly isLocked: (error: unknown) => boolean
}

/** A database as the stores use it. What goes wrong comes back as a rejected promise with a coded error. */
export interface Database {
  readonly dialect: Dialect
  readonly tables: Tables
  /** Changes when a transaction was undone: what was learned in it may not be so. */
  readonly undone: number
  /** Whether what is read now may be remembered: not while somebody else has a transaction open where it is read. */
  readonly lasting: boolean
  /** Where a statement is a round trip, callers share it, and none may hold up the others. */
  readonly locks?: Locks
  /** One statement that writes nothing. */
  read(query: Sql | Statement): Promise<readonly Row[]>
  /** Several statements that write nothing of weight. */
  look<Result>(steps: () => Steps<Result>): Promise<Result>
  /** Writes. Where the database takes one statement for all of it, each is a transaction; else they are one together. */
  write<Result>(steps: () => Steps<Result>): Promise<Result>
  /** Writes all or nothing. May run the steps again when the database asks for it. */
  transaction<Result>(steps: () => Steps<Result>): Promise<Result>
  /** Writes inside a transaction that somebody else began and ends. */
  within<Result>(transaction: unknown, steps: () => Steps<Result>): Promise<Result>
  /** Prepares tables. Calling it again is harmless. */
  start(): Promise<void>
  close(): Promise<void>
}
