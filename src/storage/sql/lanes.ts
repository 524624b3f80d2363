import type { NewEvent } from '../store.ts'
import type { Database } from './database.ts'
import { DIRECTION } from './rows.ts'
import { join, type Row, raw, type Steps, sql, storable } from './statement.ts'
import { readNumber, readText } from './values.ts'

/** A lane as it is stored: what many deliveries have in common. */
export interface LaneKey {
  readonly direction: number
  readonly name: string
  readonly endpointId: string
}

const MAX_KNOWN = 100_000
const MAX_ROWS = 200

/** The numbers of lanes, so that deliveries need not repeat their names. */
export class Lanes {
  readonly #database: Database
  #numbers = new Map<string, number>()
  readonly #byName = new Map<string, Set<number>>()
  #undone = 0

  constructor(database: Database) {
    this.#database = database
  }

  /** The numbers of some lanes; they are created where they are not there yet, and remembered if the transaction is ours. */
  *resolve(keys: readonly LaneKey[], own: boolean): Steps<ReadonlyMap<string, number>> {
    this.#forgetUndone()
    const found = new Map<string, number>()
    const missing = new Map<string, LaneKey>()
    for (const key of keys) {
      const id = idOf(key)
      const number = this.#numbers.get(id)
      if (number === undefined) missing.set(id, key)
      else found.set(id, number)
    }
    // In one order everywhere, so that processes that create the same lanes cannot wait for each other.
    const sorted = [...missing].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, key]) => key)
    for (let from = 0; from < sorted.length; from += MAX_ROWS) {
      const some = sorted.slice(from, from + MAX_ROWS)
      let rows = yield this.#select(some)
      if (rows.length < some.length) {
        yield this.#insert(some, own)
        rows = yield this.#select(some)
      }
      for (const row of rows) {
        const number = readNumber(row, 'no')
        found.set(idOf(keyOf(row)), number)
        if (own) this.learn(keyOf(row), number)
      }
    }
    return found
  }

  /** The numbers of the lanes with these names, as far as there are any. */
  *named(direction: number, names: Iterable<string>): Steps<number[]> {
    this.#forgetUndone()
    const numbers: number[] = []
    const unknown: string[] = []
    for (const name of names) {
      const known = this.#byName.get(`${direction}${name}`)
      if (known === undefined) unknown.push(name)
      else numbers.push(...known)
    }
    for (let from = 0; from < unknown.length; from += MAX_ROWS) {
      const some = unknown.slice(from, from + MAX_ROWS).map(name => sql`${name}`)
      const rows = yield sql`select no, direction, name, endpoint_id from ${raw(this.#database.tables.lanes)}
        where direction = ${direction} and name in (${join(some, ', ')})`
      for (const row of rows) {
        numbers.push(readNumber(row, 'no'))
        this.learn(keyOf(row), readNumber(row, 'no'))
      }
    }
    return numbers
  }

  /** Remembers a number, if the lane is there to stay. */
  learn(key: LaneKey, number: number): void {
    if (!this.#database.lasting) return
    if (this.#numbers.size >= MAX_KNOWN) this.#forget()
    this.#numbers.set(idOf(key), number)
    const name = `${key.direction}${key.name}`
    const same = this.#byName.get(name)
    if (same === undefined) this.#byName.set(name, new Set([number]))
    else same.add(number)
  }

  /** Numbers that were learnt in a transaction that was undone may be given to other lanes. */
  #forgetUndone(): void {
    if (this.#undone === this.#database.undone) return
    this.#undone = this.#database.undone
    this.#forget()
  }

  #forget(): void {
    this.#numbers.clear()
    this.#byName.clear()
  }

  #select(keys: readonly LaneKey[]) {
    const same = keys.map(
      ({ direction, name, endpointId }) =>
        sql`(direction = ${direction} and name = ${name} and endpoint_id = ${endpointId})`,
    )
    return sql`select no, direction, name, endpoint_id from ${raw(this.#database.tables.lanes)}
      where ${join(same, ' or ')}`
  }

  #insert(keys: readonly LaneKey[], own: boolean) {
    const { tables, locks } = this.#database
    const rows = keys.map(
      ({ direction, name, endpointId }) =>
        sql`(cast(${direction} as smallint), cast(${name} as text), cast(${endpointId} as text))`,
    )
    const before = own && locks !== undefined ? raw(`${locks.hurry} cross join`) : raw('')
    return sql`insert into ${raw(tables.lanes)} (direction, name, endpoint_id)
      select given.* from ${before} (values ${join(rows, ', ')}) given where true on conflict (direction, name, endpoint_id) do nothing`
  }
}

/** The lane of a new delivery. */
export function laneOf(delivery: NewEvent['deliveries'][number]): LaneKey {
  return {
    direction: DIRECTION[delivery.direction],
    name: storable(delivery.lane),
    endpointId: storable(delivery.endpointId),
  }
}

/** What tells one lane from another. */
export function idOf({ direction, name, endpointId }: LaneKey): string {
  return `${direction}${name}\0${endpointId}`
}

function keyOf(row: Row): LaneKey {
  return {
    direction: readNumber(row, 'direction'),
    name: readText(row, 'name'),
    endpointId: readText(row, 'endpoint_id'),
  }
}
