import { deliveryId } from '../../model/delivery.ts'
import { groupLimit } from '../../model/failure.ts'
import type { FailureFilter, FailureGroup } from '../store.ts'
import { causeOf, type Row } from './row.ts'

/** Counts failed rows, which come newest first, by endpoint and cause. */
export function groupFailures(rows: Iterable<Row>, filter: FailureFilter): readonly FailureGroup[] {
  const groups = new Map<string, FailureGroup>()
  for (const row of rows) {
    const key = JSON.stringify([row.direction, row.endpointId, causeOf(row)])
    groups.set(key, add(groups.get(key), row, filter))
  }
  return [...groups.values()].sort(bySize).slice(0, groupLimit(filter.limit))
}

function add(group: FailureGroup | undefined, row: Row, { tenant }: FailureFilter): FailureGroup {
  const atMs = row.history?.finishedAtMs ?? 0
  if (group !== undefined) {
    const [oldestAtMs, newestAtMs] = [Math.min(group.oldestAtMs, atMs), Math.max(group.newestAtMs, atMs)]
    return { ...group, count: group.count + 1, oldestAtMs, newestAtMs }
  }
  const { entry, ordinal, endpointId, direction, history } = row
  const { id, type } = entry.event
  return {
    endpointId,
    cause: causeOf(row),
    ...(tenant !== undefined && { tenant }),
    direction,
    count: 1,
    oldestAtMs: atMs,
    newestAtMs: atMs,
    sample: { deliveryId: deliveryId(id, ordinal), eventType: type, lastError: history?.lastError },
  }
}

function bySize(a: FailureGroup, b: FailureGroup): number {
  return b.count - a.count || b.newestAtMs - a.newestAtMs
}
