import type { Clock } from '../clock.ts'
import type { ReceivedEvent } from '../model/event.ts'
import type { HandlerOutcome, RecordOutcome, Reply } from '../model/receive-result.ts'
import { hasChanged, isRecordChange } from '../model/record-change.ts'
import type { AnyHandler, HandlerContext } from './handlers.ts'

/** What the handlers of one event did. */
export interface HandlersResult {
  readonly records: readonly RecordOutcome[]
  readonly reply?: Reply
}

/** How running the handlers ended. */
export type RunResult =
  | { readonly state: 'done'; readonly result: HandlersResult }
  | { readonly state: 'threw'; readonly error: unknown }
  /** Not done in time; `settled` tells how it ended after all. */
  | { readonly state: 'timed_out'; readonly settled: Promise<Exclude<RunResult, { state: 'timed_out' }>> }

/** Runs all handlers side by side; one that throws, hangs or changes the event does not touch the others. */
export async function runHandlers(
  event: ReceivedEvent,
  handlers: readonly AnyHandler[],
  limits: { readonly clock: Clock; readonly deadlineMs: number },
): Promise<RunResult> {
  if (handlers.length === 0) return { state: 'done', result: { records: [] } }
  const context = createContext()
  const settled = settleAll(event, handlers, context)
  let cancelTimer = (): void => {}
  const timeout = new Promise<RunResult>(resolve => {
    cancelTimer = limits.clock.setTimer(
      () => {
        resolve({ state: 'timed_out', settled })
        context.abort()
      },
      Math.max(0, limits.deadlineMs - limits.clock.now()),
    )
  })
  const result = await Promise.race([settled, timeout])
  cancelTimer()
  return result
}

/** Few handlers look at the signal, so it is made for those that do. */
function createContext(): HandlerContext & { abort(): void } {
  let controller: AbortController | undefined
  let late = false
  const reason = (): Error => new Error('the handler took too long')
  return {
    get signal() {
      controller ??= new AbortController()
      if (late) controller.abort(reason())
      return controller.signal
    },
    abort() {
      late = true
      controller?.abort(reason())
    },
  }
}

async function settleAll(
  event: ReceivedEvent,
  handlers: readonly AnyHandler[],
  context: HandlerContext,
): Promise<Exclude<RunResult, { state: 'timed_out' }>> {
  const shared = handlers.length > 1
  const runs = handlers.map(handler => runOne(handler, shared ? copyOf(event) : event, context))
  const records: RecordOutcome[] = []
  let reply: Reply | undefined
  let failure: Extract<OneResult, { error: unknown }> | undefined
  for (const result of await Promise.all(runs)) {
    if ('error' in result) failure ??= result
    else if (isReply(result.outcome)) reply ??= result.outcome
    else if (result.outcome !== undefined) records.push(...toRecords(event, result.outcome))
  }
  if (failure !== undefined) return { state: 'threw', error: failure.error }
  return { state: 'done', result: reply === undefined ? { records } : { records, reply } }
}

type OneResult = { readonly outcome: HandlerOutcome } | { readonly error: unknown }

async function runOne(handler: AnyHandler, event: ReceivedEvent, context: HandlerContext): Promise<OneResult> {
  try {
    return { outcome: (await handler(forHandler(event), context)) ?? undefined }
  } catch (error) {
    return { error }
  }
}

/** Handlers own what they get: with several, each gets a copy. Data that cannot be copied is shared. */
function copyOf(event: ReceivedEvent): ReceivedEvent {
  try {
    return structuredClone(event)
  } catch {
    return { ...event }
  }
}

function forHandler(event: ReceivedEvent): ReceivedEvent {
  const { data } = event
  if (!isRecordChange(data)) return event
  const changed = (field: string, ...to: readonly [unknown?]): boolean => hasChanged(data, field, ...to)
  return { ...event, changed } as ReceivedEvent
}

function isReply(outcome: HandlerOutcome | void): outcome is Reply {
  return typeof outcome === 'object' && outcome !== null && 'reply' in outcome
}

function toRecords(
  event: ReceivedEvent,
  outcome: Exclude<HandlerOutcome, Reply | undefined>,
): readonly RecordOutcome[] {
  if (typeof outcome === 'string') return [{ recordId: event.recordId ?? event.id, status: outcome }]
  return Array.isArray(outcome) ? (outcome as readonly RecordOutcome[]) : [outcome as RecordOutcome]
}
