import { Fifo } from '../../model/fifo.ts'
import type { Row } from './row.ts'

/** Rows of one lane and subject that go one at a time, oldest first. */
export interface OrderGroup {
  /** The one whose turn it is: it waits, or is under way. */
  head: Row | undefined
  readonly behind: Fifo<Row>
}

/** Makes an empty group. */
export function createOrderGroup(): OrderGroup {
  return { head: undefined, behind: new Fifo() }
}

/** Lets a row in, or in again. The answer is the row that may be scheduled now, if that changed. */
export function enterGroup(group: OrderGroup, row: Row): Row | undefined {
  const { head } = group
  if (head === row) {
    const older = firstBehind(group)
    if (older === undefined || isOlder(row, older)) return row
    group.head = takeBehind(group)
    block(group, row)
    return group.head
  }
  if (head !== undefined && (head.state === 'claimed' || isOlder(head, row))) {
    block(group, row)
    return undefined
  }
  if (head !== undefined) block(group, head)
  group.head = row
  return row
}

/** Lets a row out that ended. The answer is the next one, if it was its turn. */
export function leaveGroup(group: OrderGroup, row: Row): Row | undefined {
  if (group.head !== row) return undefined
  group.head = takeBehind(group)
  return group.head
}

function block(group: OrderGroup, row: Row): void {
  row.state = 'blocked'
  group.behind.insert(row, isOlder)
}

/** Cancelled rows are dropped here instead of being searched for when they are cancelled. */
function firstBehind({ behind }: OrderGroup): Row | undefined {
  for (let row = behind.peek(); row !== undefined; row = behind.peek()) {
    if (row.state === 'blocked') return row
    behind.shift()
  }
  return undefined
}

function takeBehind(group: OrderGroup): Row | undefined {
  const row = firstBehind(group)
  group.behind.shift()
  return row
}

function isOlder(row: Row, other: Row): boolean {
  const difference = row.entry.sequence - other.entry.sequence
  return difference < 0 || (difference === 0 && row.ordinal < other.ordinal)
}
