import type { Row } from './row.ts'

/** The queue that a delivery waits in. */
export interface Lane {
  readonly name: string
  readonly direction: 'outbound' | 'inbound'
  /** One at a time, oldest first: a delivery that waits for its retry holds up those behind it. */
  readonly ordered: boolean
  /** Rows that may go, oldest first; those before `head` are gone. */
  waiting: Row[]
  head: number
  claimed: number
}

/** Makes an empty lane. */
export function createLane(name: string, ordered: boolean, direction: Lane['direction']): Lane {
  return { name, ordered, direction, waiting: [], head: 0, claimed: 0 }
}

/** Puts a row behind the others; in an ordered lane at its place by age. */
export function addToLane(lane: Lane, row: Row): void {
  row.state = 'waiting'
  let at = lane.waiting.length
  while (lane.ordered && at > lane.head && isOlder(row, lane.waiting[at - 1])) at--
  if (at === lane.waiting.length) lane.waiting.push(row)
  else lane.waiting.splice(at, 0, row)
}

function isOlder(row: Row, other: Row | undefined): boolean {
  return other !== undefined && row.entry.sequence < other.entry.sequence
}

/** Whether the lane is at its limit of deliveries under way. */
export function isFull(lane: Lane, perLane: number): boolean {
  return lane.claimed >= (lane.ordered ? 1 : perLane)
}

/** The lane's first row. Cancelled ones are dropped here instead of being searched for when they are cancelled. */
export function firstOf(lane: Lane): Row | undefined {
  for (;;) {
    const row = lane.waiting[lane.head]
    if (row === undefined || row.state === 'waiting') return row
    dropFirst(lane)
  }
}

/** Takes the first row out of the lane. */
export function dropFirst(lane: Lane): void {
  lane.head++
  if (lane.head === lane.waiting.length) {
    lane.waiting = []
    lane.head = 0
  } else if (lane.head > 64 && lane.head * 2 > lane.waiting.length) {
    lane.waiting = lane.waiting.slice(lane.head)
    lane.head = 0
  }
}
