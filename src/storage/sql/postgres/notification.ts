import type { LaneName } from '../../store.ts'
import { DIRECTION, directionOf } from '../rows.ts'

/** A notification takes 8,000 bytes. */
const MAX_CHARACTERS = 4_000

/** The lanes in which something was enqueued, as other processes are told of them; nothing where there are too many. */
export function writeLanes(lanes: readonly LaneName[]): string {
  const names = new Set(lanes.map(({ direction, lane }) => `${DIRECTION[direction]}${lane}`))
  const text = names.size > MAX_CHARACTERS ? '' : JSON.stringify([...names])
  return text.length > MAX_CHARACTERS || /[^\x20-\x7e]/.test(text) ? '' : text
}

/** Reads them; `undefined` when it may be any. Another version may have written them. */
export function readLanes(payload: string | undefined): readonly LaneName[] | undefined {
  if (payload === undefined || payload === '') return undefined
  try {
    const names = JSON.parse(payload) as readonly string[]
    return names.map(name => ({ direction: directionOf(Number(name.charAt(0))), lane: name.slice(1) }))
  } catch {
    return undefined
  }
}
