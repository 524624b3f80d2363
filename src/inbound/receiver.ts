import { createLifecycle, type LifecycleEmitter, type LifecycleSource } from '../emitter.ts'
import { Deadlines } from '../model/deadlines.ts'
import type { EventMap, EventOf } from '../model/event.ts'
import { type IncomingRequest, urlPath, type WebhookRequest, type WebhookResponse } from '../model/http.ts'
import { isThenable } from '../model/maybe-promise.ts'
import type { HandlerOutcome, ReceiveResult } from '../model/receive-result.ts'
import { readVerdict } from '../model/verification.ts'
import type { AnyProvider } from '../providers/provider.ts'
import type { Deliveries } from '../queue/deliveries.ts'
import { graceMsOf } from '../queue/grace.ts'
import { type ExchangeNotes, note, startNotes, writeExchange } from './exchange.ts'
import { type EventHost, type EventResult, handleEvent } from './handle-event.ts'
import {
  type AnyHandler,
  createHandlers,
  type Handler,
  type HandlerContext,
  type MatchingEvent,
  type PatternOf,
} from './handlers.ts'
import { InboundQueue } from './inbound-queue.ts'
import { RECEIVER_LIFECYCLE, type ReceiverLifecycle, type RejectedRequest } from './lifecycle.ts'
import { type ReceiverOptions, type ReceiverSettings, readOptions } from './options.ts'
import { type LimitedBodyResult, readBody } from './read-body.ts'
import { type Reconciled, reconcile } from './reconcile.ts'
import { combineResults, emptyResult, jsonResponse, toResponse } from './respond.ts'
import { warnOfSharedName } from './shared-name.ts'
import { fromWebRequest, toWebResponse } from './web.ts'

/** What a health check is told. */
export interface Health {
  readonly status: 'ok'
  readonly service: string
  /** ISO 8601. */
  readonly timestamp: string
}

/** Receives the webhooks of one provider. Made by {@link createReceiver}. */
export interface Receiver<Events extends EventMap = EventMap> {
  /**
   * Runs `handler` for the events that the pattern takes. Handlers of one event run side by side.
   *
   * @returns a function that takes the handler away again.
   * @throws {WebhookError} `invalid_pattern` when the provider sends nothing that matches.
   */
  // `const`, or the compiler takes the `'created'` of an asynchronous handler for any string.
  on<Pattern extends PatternOf<Events>, const Outcome extends HandlerOutcome | void>(
    pattern: Pattern,
    handler: Handler<MatchingEvent<Events, Pattern>, Outcome>,
  ): () => void
  // TypeScript 5 takes it for any string all the same. What is none of the three words is then found when it is returned.
  on<Pattern extends PatternOf<Events>, const Text extends string>(
    pattern: Pattern,
    handler: (
      event: MatchingEvent<Events, Pattern>,
      context: HandlerContext,
    ) => Promise<string extends Text ? Text : never>,
  ): () => void
  /** Takes a request in any host's shape and answers it. Never rejects. */
  receive(request: WebhookRequest | IncomingRequest): Promise<WebhookResponse>
  /**
   * The same for Web requests; bound, so it can be handed over as it is. A second argument may give the address of
   * the peer, for allow-lists. Rejects only when it is given no Web request, such as that of a framework.
   *
   * @example export const POST = receiver.handle
   */
  readonly handle: (request: Request, host?: { readonly remoteAddress?: unknown }) => Promise<Response>
  /**
   * With `acknowledge: 'on-receipt'`: begins to run the handlers for what is stored. Otherwise does nothing.
   *
   * @throws {WebhookError} `invalid_option` before there is a handler: what is stored would be done with unhandled.
   */
  start(): void
  /**
   * With `acknowledge: 'on-receipt'`: begins nothing more of what is stored and waits for the handlers under way, for
   * `graceSeconds` (default 30); then their signals are aborted, and they have one second more. `start` ends a stop that
   * is under way. Otherwise does nothing: handlers are under way only in requests, which a server that closes waits for.
   */
  stop(options?: { readonly graceSeconds?: number }): Promise<void>
  /**
   * Runs the handlers for what is due and returns how many tries that took. For cron jobs and serverless hosts. Waits
   * for a `stop` that is under way. Rejects before there is a handler, as `start` throws.
   */
  drain(): Promise<number>
  /**
   * Takes events that were found by other means, such as polling, because they may never have arrived. What was
   * handled or stored before is skipped; ids must be made as the provider makes them. Events are taken one by one.
   * Rejects with `invalid_option` at the first one that is no event.
   */
  reconcile(events: AsyncIterable<EventOf<Events>> | Iterable<EventOf<Events>>): Promise<Reconciled>
  /**
   * The stored events of this receiver: what waits, what failed, and having it handled again; `endpointId` is the
   * receiver's name. `undefined` without `acknowledge: 'on-receipt'`, when nothing is stored.
   */
  readonly deliveries: Deliveries | undefined
  /** What a GET on `<path>/health` answers. */
  health(): Health
  readonly lifecycle: LifecycleEmitter<ReceiverLifecycle>
}

/**
 * Creates a receiver: verify → parse → de-duplicate → handle → answer.
 *
 * @throws {WebhookError} `invalid_option`, naming the option.
 * @example
 * const receiver = createReceiver({ provider: calcom({ secret: process.env.CALCOM_SECRET }) })
 * receiver.on('booking.created', async ({ data }) => { await calendar.add(data) })
 * export const POST = receiver.handle
 */
export function createReceiver<Events extends EventMap>(options: ReceiverOptions<Events>): Receiver<Events> {
  const settings = readOptions(options)
  const provider: AnyProvider = options.provider
  warnOfSharedName(settings, provider)
  const lifecycle = createLifecycle<ReceiverLifecycle>(settings.logger, RECEIVER_LIFECYCLE)
  const handlers = createHandlers(provider, settings.logger)
  const events: EventHost = {
    ...settings,
    receiverName: settings.name,
    deduplicate: provider.deduplicate ?? true,
    handlers,
    lifecycle,
    dedupeTimes: settings,
  }
  const queue = settings.queue && new InboundQueue(settings.queue, events)
  const host: ReceiveHost = {
    settings,
    provider,
    lifecycle,
    events,
    queue,
    health,
    maxBodyBytes: settings.maxBodyBytes,
    deadlines: new Deadlines(settings.clock, settings.bodyTimeoutMs),
  }

  function health(): Health {
    return { status: 'ok', service: settings.name, timestamp: new Date(settings.clock.now()).toISOString() }
  }

  const receive: Receiver['receive'] =
    settings.exchangeLog === undefined
      ? request => receiveRequest(request, host, undefined)
      : async request => {
          const notes = startNotes(settings)
          const response = await receiveRequest(request, host, notes)
          await writeExchange(request, response, notes, settings, provider.confidential)
          return response
        }

  return {
    on: (pattern: string, handler: unknown) => handlers.add(pattern, handler as AnyHandler),
    receive,
    handle: async (request, web) => toWebResponse(await receive(fromWebRequest(request, web?.remoteAddress))),
    start: () => queue?.start(),
    async stop(options) {
      const graceMs = graceMsOf(options)
      await queue?.stop(graceMs)
    },
    drain: async () => queue?.drain() ?? 0,
    reconcile: missed => reconcile(missed, events, settings.handlerTimeoutMs, queue),
    deliveries: queue?.deliveries,
    health,
    lifecycle,
  }
}

interface ReceiveHost {
  readonly settings: ReceiverSettings
  readonly provider: AnyProvider
  readonly lifecycle: LifecycleSource<ReceiverLifecycle>
  readonly events: EventHost
  readonly queue: InboundQueue | undefined
  readonly maxBodyBytes: number
  /** Of bodies that are on their way. */
  readonly deadlines: Deadlines
  health(): Health
}

/** The flow of a request, step by step. Never rejects. */
async function receiveRequest(
  incoming: WebhookRequest | IncomingRequest,
  host: ReceiveHost,
  notes: ExchangeNotes | undefined,
): Promise<WebhookResponse> {
  const { settings, provider } = host
  try {
    const startedAtMs = settings.clock.now()
    if (isHealthCheck(incoming)) return jsonResponse(200, host.health())

    const { method, url, headers, remoteAddress } = incoming
    if (!provider.methods.includes(method)) return await answerOtherMethod(incoming, host)

    const body = await readBody(incoming, host)
    if (!body.ok) return answerUnreadBody(incoming, body, host)
    const request: WebhookRequest = { method, url, headers, body: body.bytes, remoteAddress }
    if (notes !== undefined) notes.body = body.bytes

    const handshake = provider.unsignedChallenge && (await provider.unsignedChallenge(request))
    if (handshake !== undefined) return handshake

    const verified = provider.verify(request, { now: settings.clock.now() })
    // Most schemes need no waiting, and waiting for nothing costs as much as reading a header.
    const verdict = readVerdict(isThenable(verified) ? await verified : verified)
    if (!verdict.ok) return reject(request, host, 'refused', note(notes, verdict))

    const challenge = provider.challenge && (await provider.challenge(request))
    if (challenge !== undefined) return challenge

    const parsed = provider.parse(request)
    if (!parsed.ok) return reject(request, host, 'malformed', note(notes, parsed))
    if (notes !== undefined) notes.event = parsed.events[0]

    const deadlineMs = startedAtMs + settings.handlerTimeoutMs
    const results: EventResult[] = []
    for (const event of parsed.events) {
      // The first is begun in any case, so that each try of a long batch gets further.
      if (results.length > 0 && settings.clock.now() >= deadlineMs) {
        results.push(outOfTime(parsed.events.length - results.length, host))
        break
      }
      const result = handleEvent(event, host.events, deadlineMs, host.queue)
      results.push(isThenable(result) ? await result : result)
    }
    return respond(provider, combineResults(results, (settings.clock.now() - startedAtMs) / 1000))
  } catch (error) {
    settings.logger.error('webhook provider failed', { provider: provider.name, error })
    return toResponse(emptyResult('failed'))
  }
}

/** The rest of a batch is not begun: the sender does not wait any longer, and tries again. */
function outOfTime(left: number, { settings, provider }: ReceiveHost): EventResult {
  settings.logger.warn('webhook batch took too long: the rest was not begun', { provider: provider.name, left })
  return { state: 'failed' }
}

function isHealthCheck({ method, url }: Pick<WebhookRequest, 'method' | 'url'>): boolean {
  return (method === 'GET' || method === 'HEAD') && urlPath(url).endsWith('/health')
}

/** Set-up requests may come with another method than events do. */
async function answerOtherMethod(
  incoming: WebhookRequest | IncomingRequest,
  host: ReceiveHost,
): Promise<WebhookResponse> {
  const { provider } = host
  const handshake = await provider.unsignedChallenge?.({ ...incoming, body: new Uint8Array(0) })
  if (handshake !== undefined) return handshake
  const message = `${provider.name} uses ${provider.methods.join(', ')}`
  const response = reject(incoming, host, 'method_not_allowed', { code: 'method_not_allowed', message })
  return { ...response, headers: { ...response.headers, allow: provider.methods.join(', ') } }
}

/** The rest of the body is not read, so the connection cannot be used again. */
function answerUnreadBody(
  incoming: WebhookRequest | IncomingRequest,
  body: Extract<LimitedBodyResult, { ok: false }>,
  host: ReceiveHost,
): WebhookResponse {
  const { reason, message = reason } = body
  if (reason === 'already_parsed') {
    host.settings.logger.error(message, { code: 'body_already_parsed', provider: host.provider.name })
    return reject(incoming, host, 'misconfigured', { code: 'body_already_parsed', message }, message)
  }
  const outcome = reason === 'aborted' ? 'malformed' : reason
  const response = reject(incoming, host, outcome, { code: reason, message: unreadBody(reason, host.settings) })
  return { ...response, headers: { ...response.headers, connection: 'close' } }
}

function unreadBody(reason: string, { maxBodyBytes, bodyTimeoutMs }: ReceiverSettings): string {
  if (reason === 'too_large') return `the body is larger than ${maxBodyBytes} bytes, the limit of maxBodyBytes`
  if (reason === 'too_slow') return `the body took more than ${bodyTimeoutMs / 1000} s, the limit of bodyTimeoutSeconds`
  return `the body is ${reason}`
}

/** The cause goes to the log and the `rejected` event; the sender is told nothing but the status. */
function reject(
  { method, remoteAddress }: Pick<WebhookRequest, 'method' | 'remoteAddress'>,
  { settings, lifecycle, provider }: ReceiveHost,
  outcome: RejectedRequest['outcome'],
  { code, message }: { readonly code: string; readonly message: string },
  tell?: string,
): WebhookResponse {
  if (outcome !== 'misconfigured') {
    settings.logger.warn('webhook rejected', { provider: provider.name, outcome, code, cause: message, remoteAddress })
  }
  lifecycle.emit('rejected', { outcome, code, message, method, remoteAddress })
  return respond(provider, emptyResult(outcome, tell === undefined ? {} : { message: tell }))
}

function respond(provider: AnyProvider, result: ReceiveResult): WebhookResponse {
  return provider.respond?.(result) ?? toResponse(result)
}
