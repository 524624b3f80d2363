import type { Row } from '../statement.ts'

/** The answer to a query. */
interface QueryResult {
  readonly rows: readonly unknown[]
}

/** Anything that takes a query as `pg` does: a client, a pool, PGlite. */
export interface PostgresClient {
  query(text: string, values?: unknown[]): Promise<QueryResult>
}

/** What is used of a client beyond that, where it has it. */
export interface FullClient extends PostgresClient {
  connect?(): Promise<unknown>
  /** Of a pool. */
  readonly totalCount?: number
  /** Of a pool. */
  readonly options?: { readonly max?: number }
  /** Of a pool's client. */
  release?(error?: Error | boolean): void
  on?(event: string, listener: (value: never) => void): unknown
  off?(event: string, listener: (value: never) => void): unknown
  /** Of PGlite. */
  transaction?(work: (transaction: PostgresClient) => Promise<unknown>): Promise<unknown>
  listen?(channel: string, notify: (payload: string) => void): Promise<() => Promise<void>>
}

/** What a client can do. */
export type ClientKind = 'pool' | 'client' | 'pglite'

/** Which kind of client it is. */
export function kindOf(client: FullClient): ClientKind {
  if (typeof client.transaction === 'function') return 'pglite'
  return typeof client.connect === 'function' && client.totalCount !== undefined ? 'pool' : 'client'
}

/** Whether it is a pool of one connection. */
export function isPoolOfOne(client: FullClient): boolean {
  return kindOf(client) === 'pool' && client.options?.max === 1
}

/** Whether something can be asked at all. */
export function isClient(value: unknown): value is FullClient {
  return typeof value === 'object' && value !== null && typeof (value as Partial<FullClient>).query === 'function'
}

/** Whether a client takes what `pg` takes beyond a text: one that only has `query`, an adapter, does not. */
export function isPg(client: FullClient): boolean {
  return typeof client.connect === 'function'
}

/** The rows of an answer. */
export function rowsOf(result: QueryResult): readonly Row[] {
  return result.rows as readonly Row[]
}
