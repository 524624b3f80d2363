import { WebhookError } from '../errors.ts'
import type { EventMap, ReceivedEvent, UnknownEvent } from '../model/event.ts'
import { type MatchingTypes, matchesPattern, nearestName } from '../model/event-type.ts'
import type { Logger } from '../model/logger.ts'
import type { HandlerOutcome } from '../model/receive-result.ts'
import type { RecordChange } from '../model/record-change.ts'
import type { MaybePromise } from '../model/verification.ts'
import type { AnyProvider } from '../providers/provider.ts'

/** An event as a handler gets it: with `changed` where it tells of a change of a record. */
export type HandledEvent<Type extends string, Data> = ReceivedEvent<Type, Data> &
  (Data extends RecordChange<infer Item>
    ? {
        /** Whether a field changed; with a second argument, whether it changed to that value. */
        changed(field: (keyof Item & string) | (string & {}), ...to: readonly [unknown?]): boolean
      }
    : unknown)

/**
 * The events that a pattern takes, told apart by `type`. Those of `*` may be of an unknown type, which is any text, so
 * there `type` tells them apart only beside `known`.
 *
 * @example receiver.on('*', event => { if (event.known && event.type === 'booking.created') book(event.data.uid) })
 */
export type MatchingEvent<Events extends EventMap, Pattern extends string> = string extends keyof Events
  ? ReceivedEvent<string, Events[string]>
  :
      | { [Type in MatchingTypes<Events, Pattern>]: HandledEvent<Type, Events[Type]> }[MatchingTypes<Events, Pattern>]
      | (Pattern extends '*' ? UnknownEvent : never)

/** The patterns that can match something: every type, and every type with whole segments replaced by a star. */
export type PatternOf<Events extends EventMap> = string extends keyof Events
  ? string
  : '*' | StarredType<keyof Events & string>

type StarredType<Type extends string> = Type extends `${infer Head}.${infer Rest}`
  ? `${Head | '*'}.${StarredType<Rest>}`
  : Type | '*'

/** What a handler gets beside the event. */
export interface HandlerContext {
  /**
   * Aborted when the answer to the sender could not wait any longer; with `acknowledge: 'on-receipt'` when a try took
   * too long, and when `stop` does not wait any longer.
   */
  readonly signal: AbortSignal
}

/** Your code for an event. It is awaited; when it throws, the sender is asked to try again. */
export type Handler<Event, Outcome extends HandlerOutcome | void = HandlerOutcome | void> = (
  event: Event,
  context: HandlerContext,
) => MaybePromise<Outcome | HandlerOutcome | void>

/** A handler whose event type is no longer known to the compiler. */
export type AnyHandler = (event: ReceivedEvent, context: HandlerContext) => MaybePromise<HandlerOutcome | void>

/** The handlers of a receiver, by pattern. */
export interface Handlers {
  /** Whether there is any. */
  readonly any: boolean
  add(pattern: string, handler: AnyHandler): () => void
  /** In the order in which they were added. Unknown types reach only `*`. */
  for(event: ReceivedEvent): readonly AnyHandler[]
}

/** Remembered look-ups; types come from verified senders, but their number is theirs to choose. */
const MAX_REMEMBERED_TYPES = 1_000

/** Creates the list of handlers of one receiver. A type that none of them takes is logged when it is looked up first. */
export function createHandlers(provider: AnyProvider, logger: Logger): Handlers {
  let entries: ReadonlyArray<{ pattern: string; handler: AnyHandler }> = []
  const known = new Map<string, readonly AnyHandler[]>()
  const find = (type: string): readonly AnyHandler[] => {
    const found = entries.filter(entry => matchesPattern(entry.pattern, type)).map(entry => entry.handler)
    if (found.length === 0) logger.warn('webhook event that no handler takes', { provider: provider.name, type })
    if (known.size >= MAX_REMEMBERED_TYPES) known.clear()
    known.set(type, found)
    return found
  }
  return {
    get any() {
      return entries.length > 0
    },
    add(pattern, handler) {
      checkPattern(pattern, provider)
      if (typeof handler !== 'function') {
        throw new WebhookError('invalid_option', `on('${pattern}'): the handler must be a function`, {
          argument: 'handler',
        })
      }
      const entry = { pattern, handler }
      entries = [...entries, entry]
      known.clear()
      return () => {
        entries = entries.filter(other => other !== entry)
        known.clear()
      }
    },
    for(event) {
      if (event.known) return known.get(event.type) ?? find(event.type)
      return entries.filter(entry => entry.pattern === '*').map(entry => entry.handler)
    },
  }
}

function checkPattern(pattern: string, provider: AnyProvider): void {
  const fail = (problem: string): WebhookError => {
    return new WebhookError('invalid_pattern', `on('${String(pattern)}'): ${problem}`, { argument: 'pattern' })
  }
  if (typeof pattern !== 'string' || pattern === '' || pattern.split('.').includes('')) {
    throw fail('a pattern is an event type such as deal.updated, with * for a whole segment')
  }
  const types = provider.eventTypes
  if (types === undefined || pattern === '*' || types.some(type => matchesPattern(pattern, type))) return
  const native = Object.hasOwn(provider.nativeTypes, pattern) ? provider.nativeTypes[pattern] : undefined
  const near = native ?? nearestName(pattern, types)
  throw fail(`${provider.name} sends nothing that matches${near === undefined ? '' : `. Did you mean '${near}'?`}`)
}
