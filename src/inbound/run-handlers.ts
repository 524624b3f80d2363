import type { Clock } from '../clock.ts'
import type { ReceivedEvent } from '../model/event.ts'
import type { Logger } from '../model/logger.ts'
import { isThenable } from '../model/maybe-promise.ts'
import type { HandlerOutcome, RecordOutcome, Reply } from '../model/receive-result.ts'
import { hasChanged, isRecordChange } from '../model/record-change.ts'
import type { MaybePromise } from '../model/verification.ts'
import { recordsOf } from './handler-outcome.ts'
import type { AnyHandler, HandlerContext } from './handlers.ts'

/** What the handlers of one event did. */
export interface HandlersResult {
  readonly records: readonly RecordOutcome[]
  readonly reply?: Reply
}

/** How handlers ended that did end. */
export type EndedRun =
  | { readonly state: 'done'; readonly result: HandlersResult }
  | { readonly state: 'threw'; readonly error: unknown }

/** How running the handlers ended. */
export type RunResult =
  | EndedRun
  /** Not done in time; `settled` tells how it ended after all. */
  | { readonly state: 'timed_out'; readonly settled: Promise<EndedRun> }

/** How long handlers may take, and who is told of them. */
export interface HandlerLimits {
  readonly clock: Clock
  readonly deadlineMs: number
  readonly logger: Logger
  /** Aborted when they should end because the receiver stops. */
  readonly stopping?: AbortSignal
}

/**
 * Runs all handlers side by side; one that throws, hangs or changes the event does not touch the others. Nothing is
 * waited for, and no timer set, when no handler returns a promise.
 */
export function runHandlers(
  event: ReceivedEvent,
  handlers: readonly AnyHandler[],
  limits: HandlerLimits,
): MaybePromise<RunResult> {
  if (handlers.length === 0) return NOTHING
  const context = new Context()
  const shared = handlers.length > 1
  const ended: OneResult[] = []
  const pending: Array<PromiseLike<OneResult>> = []
  for (const handler of handlers) {
    const run = runOne(handler, shared ? copyOf(event) : event, context)
    if (isThenable(run)) pending.push(run)
    else ended.push(run)
  }
  if (pending.length === 0) return summarize(event, ended, limits.logger)
  const settled = Promise.all(pending).then(late => summarize(event, [...ended, ...late], limits.logger))
  const { clock, deadlineMs, stopping } = limits
  const stop = (): void => context.abort('the receiver stops')
  // The signal is used again for another event.
  stopping?.addEventListener('abort', stop)
  return new Promise(resolve => {
    const end = (result: RunResult): void => {
      cancelTimer()
      stopping?.removeEventListener('abort', stop)
      resolve(result)
    }
    const cancelTimer = clock.setTimer(
      () => {
        end({ state: 'timed_out', settled })
        context.abort('the handler took too long')
      },
      Math.max(0, deadlineMs - clock.now()),
    )
    void settled.then(end)
  })
}

const NOTHING: EndedRun = { state: 'done', result: { records: [] } }

/** Few handlers look at the signal, so it is made for those that do. */
class Context implements HandlerContext {
  private controller: AbortController | undefined = undefined
  private reason: string | undefined = undefined

  get signal(): AbortSignal {
    this.controller ??= new AbortController()
    if (this.reason !== undefined) this.controller.abort(new Error(this.reason))
    return this.controller.signal
  }

  abort(reason: string): void {
    this.reason ??= reason
    this.controller?.abort(new Error(reason))
  }
}

type OneResult = { readonly outcome: HandlerOutcome } | { readonly error: unknown }

function runOne(handler: AnyHandler, event: ReceivedEvent, context: HandlerContext): MaybePromise<OneResult> {
  try {
    const outcome = handler(forHandler(event), context)
    if (!isThenable(outcome)) return { outcome: outcome ?? undefined }
    return Promise.resolve(outcome).then(
      late => ({ outcome: late ?? undefined }),
      (error: unknown) => ({ error }),
    )
  } catch (error) {
    return { error }
  }
}

/** A result that cannot be read, as one whose getters throw, counts as a failure. */
function summarize(event: ReceivedEvent, results: readonly OneResult[], logger: Logger): EndedRun {
  try {
    return readResults(event, results, logger)
  } catch (error) {
    return { state: 'threw', error }
  }
}

function readResults(event: ReceivedEvent, results: readonly OneResult[], logger: Logger): EndedRun {
  const records: RecordOutcome[] = []
  let reply: Reply | undefined
  let failure: Extract<OneResult, { error: unknown }> | undefined
  for (const result of results) {
    if ('error' in result) failure ??= result
    else if (isReply(result.outcome)) reply ??= result.outcome
    else if (result.outcome !== undefined) {
      // One by one: as arguments of one call, a large import's records exceed the stack.
      for (const record of recordsOf(event, result.outcome, logger)) records.push(record)
    }
  }
  if (failure !== undefined) return { state: 'threw', error: failure.error }
  return { state: 'done', result: reply === undefined ? { records } : { records, reply } }
}

/** Handlers own what they get: with several, each gets a copy. Data that cannot be copied is shared. */
function copyOf(event: ReceivedEvent): ReceivedEvent {
  try {
    return structuredClone(event)
  } catch {
    return { ...event }
  }
}

/** Adds `changed`. The event is this handler's own: nobody else looks at it any more, or it is a copy. */
function forHandler(event: ReceivedEvent): ReceivedEvent {
  const { data } = event
  if (!isRecordChange(data)) return event
  // What a provider of your own, or `reconcile`, hands over may be frozen.
  const own: ReceivedEvent & { changed?: unknown } = Object.isExtensible(event) ? event : { ...event }
  own.changed = (field: string, ...to: readonly [unknown?]): boolean => hasChanged(data, field, ...to)
  return own
}

function isReply(outcome: HandlerOutcome): outcome is Reply {
  return typeof outcome === 'object' && outcome !== null && 'reply' in outcome
}
