import { Fifo } from '../../model/fifo.ts'
import type { OrderGroup } from './order-group.ts'
import type { Row } from './row.ts'

/** The queue that a delivery waits in. Exists only while something waits in it. */
export interface Lane {
  readonly name: string
  /** Rows that may go. Those that were cancelled or moved meanwhile are passed over when their turn comes. */
  readonly ready: Fifo<Row>
  /** Ordered rows, by subject. */
  readonly groups: Map<string | undefined, OrderGroup>
}

/** Makes an empty lane. */
export function createLane(name: string): Lane {
  return { name, ready: new Fifo(), groups: new Map() }
}

/** The lane's first row that may still go. */
export function firstOf({ ready }: Lane): Row | undefined {
  for (let row = ready.peek(); row !== undefined; row = ready.peek()) {
    if (row.state === 'ready') return row
    ready.shift()
  }
  return undefined
}
