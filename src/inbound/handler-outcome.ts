import type { ReceivedEvent } from '../model/event.ts'
import { nearestName } from '../model/event-type.ts'
import { kindOf } from '../model/known-fields.ts'
import type { Logger } from '../model/logger.ts'
import type { RecordOutcome } from '../model/receive-result.ts'

const STATUSES = ['created', 'updated', 'skipped', 'failed'] as const

/**
 * The records that a handler reported. Its work is done whatever it returns, so what cannot be counted is left out and
 * named in the log, without its content. A record without an id is the event's own.
 */
export function recordsOf(event: ReceivedEvent, outcome: unknown, logger: Logger): readonly RecordOutcome[] {
  if (isCounted(outcome)) return [{ recordId: ownId(event), status: outcome }]
  const records: RecordOutcome[] = []
  for (const item of Array.isArray(outcome) ? (outcome as readonly unknown[]) : [outcome]) {
    const record = readRecord(event, item)
    if (record !== undefined) records.push(record)
    else {
      const { provider, type, id } = event
      const fields = { provider, type, eventId: id, returned: describe(item) }
      logger.warn('webhook handler returned what cannot be counted', fields)
    }
  }
  return records
}

function isCounted(outcome: unknown): outcome is 'created' | 'updated' | 'skipped' {
  return outcome === 'created' || outcome === 'updated' || outcome === 'skipped'
}

function readRecord(event: ReceivedEvent, item: unknown): RecordOutcome | undefined {
  if (typeof item !== 'object' || item === null || !('status' in item) || !isStatus(item.status)) return undefined
  const { recordId, targetId, message } = item as Partial<Record<keyof RecordOutcome, unknown>>
  return {
    recordId: textOf(recordId) ?? ownId(event),
    ...(targetId !== undefined && { targetId: textOf(targetId) ?? '' }),
    status: item.status,
    ...(typeof message === 'string' && { message }),
  }
}

function isStatus(status: unknown): status is RecordOutcome['status'] {
  return (STATUSES as readonly unknown[]).includes(status)
}

function ownId({ recordId, id }: ReceivedEvent): string {
  return recordId ?? id
}

function textOf(id: unknown): string | undefined {
  return typeof id === 'number' ? String(id) : typeof id === 'string' ? id : undefined
}

function describe(item: unknown): string {
  if (typeof item === 'string') return `a text that is none of created, updated, skipped${near(item)}`
  if (typeof item !== 'object' || item === null) return kindOf(item)
  const status = 'status' in item ? item.status : undefined
  if (typeof status !== 'string') return 'an object without a status'
  return `a record whose status is none of ${STATUSES.join(', ')}${near(status)}`
}

function near(wrong: string): string {
  const name = nearestName(wrong, STATUSES)
  return name === undefined ? '' : `: did you mean ${name}?`
}
