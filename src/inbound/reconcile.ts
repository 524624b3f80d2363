import { WebhookError } from '../errors.ts'
import type { ReceivedEvent } from '../model/event.ts'
import { type EventHost, type EventQueue, handleEvent } from './handle-event.ts'

/** What became of the events that were handed to `reconcile`. */
export interface Reconciled {
  readonly total: number
  /** They were missing: handled now, or stored for it. */
  readonly taken: number
  /** Known already, or in somebody's hands. */
  readonly skipped: number
  /** A handler or the store failed: hand them in again later. */
  readonly failed: number
}

/**
 * Takes events one by one.
 *
 * @throws {WebhookError} `invalid_option` at the first one that is no event.
 */
export async function reconcile(
  events: AsyncIterable<ReceivedEvent> | Iterable<ReceivedEvent>,
  host: EventHost,
  handlerTimeoutMs: number,
  queue: EventQueue | undefined,
): Promise<Reconciled> {
  const counts = { total: 0, taken: 0, skipped: 0, failed: 0 }
  if (!isIterable(events)) throw noEvent('must be a list, or anything that for await takes')
  for await (const event of events) {
    if (!isEvent(event)) {
      throw noEvent(`[${counts.total}] is no event: it needs id, type and known, as the events have that parse makes`)
    }
    const { state } = await handleEvent(event, host, host.clock.now() + handlerTimeoutMs, queue)
    counts.total++
    if (state === 'handled' || state === 'accepted') counts.taken++
    else if (state === 'failed' || state === 'unavailable') counts.failed++
    else counts.skipped++
  }
  return counts
}

function isIterable(events: object): boolean {
  return typeof events === 'object' && events !== null && (Symbol.iterator in events || Symbol.asyncIterator in events)
}

function isEvent(event: ReceivedEvent | undefined): boolean {
  return typeof event?.id === 'string' && typeof event.type === 'string' && typeof event.known === 'boolean'
}

function noEvent(problem: string): WebhookError {
  return new WebhookError('invalid_option', `reconcile: events ${problem}`, { argument: 'events' })
}
