import { utf8 } from '../bytes/encoding.ts'
import { sha256Hex } from '../bytes/hash.ts'
import type { Clock } from '../clock.ts'
import type { LifecycleSource } from '../emitter.ts'
import type { NewId } from '../ids.ts'
import type { ReceivedEvent } from '../model/event.ts'
import { inTime } from '../model/in-time.ts'
import type { Logger } from '../model/logger.ts'
import { andThen, isThenable } from '../model/maybe-promise.ts'
import type { RecordOutcome, Reply } from '../model/receive-result.ts'
import type { MaybePromise } from '../model/verification.ts'
import type { AnyProvider } from '../providers/provider.ts'
import type { Claim, DedupeStore } from '../storage/dedupe-store.ts'
import type { Handlers } from './handlers.ts'
import type { ReceiverLifecycle } from './lifecycle.ts'
import { type EndedRun, type RunResult, runHandlers } from './run-handlers.ts'

/** For how long a receiver remembers, in milliseconds. */
export interface DedupeTimes {
  /** Events with an id of the sender's, or a composite one. */
  readonly keepMs: number
  /** Events whose id is only the digest of the body: two equal bodies may be two events. */
  readonly keepDigestMs: number
  /** How long a claim holds when its process dies. */
  readonly claimMs: number
}

/** What handling an event needs. */
export interface EventHost {
  readonly receiverName: string
  /** `false` where events of the provider may look the same: then they are not claimed. */
  readonly deduplicate: NonNullable<AnyProvider['deduplicate']>
  readonly handlers: Handlers
  readonly dedupe: DedupeStore
  readonly dedupeTimes: DedupeTimes
  readonly lifecycle: LifecycleSource<ReceiverLifecycle>
  readonly clock: Clock
  readonly random: () => number
  readonly newId: NewId
  readonly logger: Logger
}

/** Where events are kept until their handlers have run. */
export interface EventQueue {
  /** Resolves once the event is stored for good: `false` when it was already. Without a key it is always another one. */
  add(event: ReceivedEvent, key: string | undefined): Promise<boolean>
}

/** How one event of a request ended. */
export type EventResult =
  | { readonly state: 'handled'; readonly records: readonly RecordOutcome[]; readonly reply?: Reply }
  /** Stored: its handlers run later. */
  | { readonly state: 'accepted' }
  | { readonly state: 'duplicate' }
  | { readonly state: 'in_progress'; readonly retryAfterSeconds: number }
  | { readonly state: 'failed' }
  | { readonly state: 'unavailable' }

/**
 * Claims an event, runs its handlers (or stores it, where there is a queue), and completes or releases the claim.
 * Never rejects; answers at once where neither the store nor a handler must be waited for.
 */
export function handleEvent(
  event: ReceivedEvent,
  host: EventHost,
  deadlineMs: number,
  queue?: EventQueue,
): MaybePromise<EventResult> {
  host.lifecycle.emit('received', { event })
  if (!event.known) {
    host.logger.warn('webhook event of an unknown type', logFields(event))
    host.lifecycle.emit('unrouted', { event })
  }
  const isRepeatable = canBeRepeated(event, host)
  if (event.expectsReply || (!isRepeatable && queue === undefined)) {
    return andThen(runEvent(event, host, deadlineMs), result => finishRun(event, host, result))
  }
  if (!isRepeatable && queue !== undefined) return storeInTime(event, host, undefined, queue, deadlineMs)
  const key = dedupeKey(host.receiverName, event)
  const nowMs = host.clock.now()
  let claim: MaybePromise<Claim>
  try {
    claim = host.dedupe.claim(key, { nowMs, claimUntilMs: nowMs + host.dedupeTimes.claimMs })
  } catch (error) {
    return unavailable(event, host, error)
  }
  if (!isThenable(claim)) return proceed(event, host, key, claim, deadlineMs, queue)
  const giveBack = (late: Claim | undefined): void => {
    if (late?.state === 'claimed') void settleClaim(event, host, { key, token: late.token }, 'threw')
  }
  return inTime(claim, host.clock, deadlineMs, giveBack).then(
    given => proceed(event, host, key, given, deadlineMs, queue),
    (error: unknown) => unavailable(event, host, error),
  )
}

function proceed(
  event: ReceivedEvent,
  host: EventHost,
  key: string,
  claim: Claim | undefined,
  deadlineMs: number,
  queue: EventQueue | undefined,
): MaybePromise<EventResult> {
  if (claim?.state === 'done' || claim?.state === 'in_progress') return repeated(event, claim, host)
  if (claim?.state !== 'claimed') return unavailable(event, host, new TypeError('the answer to the claim is no claim'))
  const held = { key, token: claim.token }
  if (queue === undefined) return runClaimed(event, host, held, deadlineMs)
  return storeInTime(event, host, held, queue, deadlineMs)
}

/** What a store is granted to write down what was done, where the handlers took all the time that there is. */
export const LEAST_WAIT_MS = 1_000

function unavailable(event: ReceivedEvent, { logger }: EventHost, error: unknown): EventResult {
  logger.error('webhook store did not answer', { ...logFields(event), error })
  return { state: 'unavailable' }
}

function repeated(event: ReceivedEvent, claim: Claim, { lifecycle, clock }: EventHost): EventResult {
  lifecycle.emit('duplicate', { event, inProgress: claim.state === 'in_progress' })
  if (claim.state !== 'in_progress') return { state: 'duplicate' }
  return { state: 'in_progress', retryAfterSeconds: Math.max(1, Math.ceil((claim.untilMs - clock.now()) / 1000)) }
}

interface HeldClaim {
  readonly key: string
  readonly token: string
}

function storeInTime(
  event: ReceivedEvent,
  host: EventHost,
  claim: HeldClaim | undefined,
  queue: EventQueue,
  deadlineMs: number,
): Promise<EventResult> {
  const stored = storeEvent(event, host, claim, queue)
  return inTime(stored, host.clock, deadlineMs).catch((error: unknown) => unavailable(event, host, error))
}

/** A store that failed may have stored it all the same: the sender's retry finds that out by the key. */
async function storeEvent(
  event: ReceivedEvent,
  host: EventHost,
  claim: HeldClaim | undefined,
  queue: EventQueue,
): Promise<EventResult> {
  try {
    const isNew = await queue.add(event, claim?.key)
    if (claim !== undefined) await settleClaim(event, host, claim, 'done')
    return { state: isNew ? 'accepted' : 'duplicate' }
  } catch (error) {
    if (claim !== undefined) await settleClaim(event, host, claim, 'threw')
    return unavailable(event, host, error)
  }
}

function runClaimed(
  event: ReceivedEvent,
  host: EventHost,
  claim: HeldClaim,
  deadlineMs: number,
): MaybePromise<EventResult> {
  return andThen(runEvent(event, host, deadlineMs), result => {
    if (result.state === 'timed_out') {
      // The claim is held until the handlers have ended after all.
      void result.settled.then(late => settleClaim(event, host, claim, late.state))
      return finishRun(event, host, result)
    }
    const settled = settleClaim(event, host, claim, result.state)
    const answer = (): EventResult => finishRun(event, host, result)
    if (!isThenable(settled)) return answer()
    return inTime(settled, host.clock, Math.max(deadlineMs, host.clock.now() + LEAST_WAIT_MS))
      .catch((error: unknown) => reportUnsettled(event, host, error))
      .then(answer)
  })
}

/** Runs the handlers that want the event. */
export function runEvent(
  event: ReceivedEvent,
  { handlers, clock, logger }: EventHost,
  deadlineMs: number,
  stopping?: AbortSignal,
): MaybePromise<RunResult> {
  return runHandlers(event, handlers.for(event), { clock, deadlineMs, logger, ...(stopping && { stopping }) })
}

/** Never throws or rejects: the handlers have ended, whatever the store says. */
function settleClaim(
  event: ReceivedEvent,
  { dedupe, dedupeTimes, clock, logger }: EventHost,
  { key, token }: HeldClaim,
  ended: EndedRun['state'],
): MaybePromise<void> {
  const report = (error: unknown): void => reportUnsettled(event, { logger }, error)
  try {
    const keepMs = event.idSource === 'digest' ? dedupeTimes.keepDigestMs : dedupeTimes.keepMs
    const settled =
      ended === 'done' ? dedupe.complete(key, token, { keepUntilMs: clock.now() + keepMs }) : dedupe.release(key, token)
    return isThenable(settled) ? Promise.resolve(settled).catch(report) : undefined
  } catch (error) {
    report(error)
  }
}

function reportUnsettled(event: ReceivedEvent, { logger }: Pick<EventHost, 'logger'>, error: unknown): void {
  logger.error('webhook store did not answer: this event may be handled twice', { ...logFields(event), error })
}

/** Tells how the handlers ended. */
export function finishRun(event: ReceivedEvent, { lifecycle, logger, clock }: EventHost, run: RunResult): EventResult {
  if (run.state === 'done') {
    const { records, reply } = run.result
    lifecycle.emit('handled', { event, records })
    return reply === undefined ? { state: 'handled', records } : { state: 'handled', records, reply }
  }
  const timedOut = run.state === 'timed_out'
  const error = timedOut ? new Error('the handler took too long') : run.error
  logger.error(timedOut ? 'webhook handler took too long' : 'webhook handler failed', { ...logFields(event), error })
  lifecycle.emit('failed', { event, error, timedOut })
  if (timedOut) reportLateEnd(event, run.settled, logger, clock)
  return { state: 'failed' }
}

/** The sender was told to try again, but the work went on: its end must not go unnoticed. */
function reportLateEnd(event: ReceivedEvent, settled: Promise<EndedRun>, logger: Logger, clock: Clock): void {
  const answeredAtMs = clock.now()
  void settled.then(late => {
    const fields = { ...logFields(event), lateBySeconds: (clock.now() - answeredAtMs) / 1000 }
    if (late.state === 'done') logger.warn('webhook handler finished after the answer', fields)
    else logger.error('webhook handler failed after the answer', { ...fields, error: late.error })
  })
}

/** Whether its id tells it from others. An empty one names nothing: all events that have it would be taken for one. */
function canBeRepeated(event: ReceivedEvent, { deduplicate }: EventHost): boolean {
  if (event.id === '') return false
  return typeof deduplicate === 'function' ? deduplicate(event) : deduplicate
}

/** A sender chooses its ids, so a long one is kept as its digest. */
function dedupeKey(receiverName: string, { id }: ReceivedEvent): string {
  return `${receiverName}:${id.length <= 200 ? id : sha256Hex(utf8(id))}`
}

function logFields({ provider, type, nativeType, id, attempt }: ReceivedEvent): Record<string, unknown> {
  return { provider, type, nativeType, eventId: id, attempt }
}
